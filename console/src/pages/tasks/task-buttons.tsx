import { Button } from '@mantine/core';
import { Icon } from '../../components/icon.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { canCancel, canRequeue, type TaskState } from './task-api.ts';
import { tasksTexts } from './tasks.texts.ts';
import type { TaskActions } from './use-task-actions.ts';

/** The one button that a task in this state has, if any. In a row it is small, and named with the task. */
export function TaskButton({
  id,
  state,
  actions,
  isInRow = false,
}: {
  id: string;
  state: TaskState;
  actions: TaskActions;
  isInRow?: boolean;
}) {
  const texts = useTexts(tasksTexts);
  const size = isInRow ? 'compact-xs' : 'xs';
  const label = (text: string) => (isInRow ? { 'aria-label': `${text}: ${id}` } : {});
  if (canCancel(state)) {
    return (
      <Button
        size={size}
        variant="default"
        leftSection={<Icon name="stop" size={13} />}
        {...label(texts.cancel)}
        onClick={() => actions.cancel(id)}
      >
        {texts.cancel}
      </Button>
    );
  }
  if (!canRequeue(state)) return null;
  return (
    <Button
      size={size}
      variant={isInRow ? 'default' : 'filled'}
      leftSection={<Icon name="retry" size={13} />}
      {...label(texts.requeue)}
      onClick={() => actions.requeue(id)}
    >
      {texts.requeue}
    </Button>
  );
}
