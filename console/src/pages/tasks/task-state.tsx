import { Text } from '@mantine/core';
import { StateBadge, type Tone } from '../../components/state-badge.tsx';
import { textNamed } from '../../i18n/dictionary.ts';
import { useTexts } from '../../i18n/language.tsx';
import type { TaskState } from './task-api.ts';
import { tasksTexts } from './tasks.texts.ts';

const tones: Record<TaskState, Tone> = {
  queued: 'info',
  started: 'info',
  finished: 'ok',
  failed: 'failing',
  deferred: 'neutral',
  scheduled: 'warning',
  cancelled: 'neutral',
};

/** How a task stands; with a number, so many tasks stand so. */
export function TaskBadge({ state, count }: { state: TaskState; count?: number }) {
  const { states } = useTexts(tasksTexts);
  const isMany = count !== undefined && count > 1;
  return <StateBadge tone={tones[state]} label={isMany ? `${states[state]} ${count}` : states[state]} />;
}

/** Why a task failed or was cancelled, unless its error says it; nothing for others. */
export function TaskReason({ reason }: { reason: string | null }) {
  const { reasons } = useTexts(tasksTexts);
  if (reason === null || reason === 'error') return null;
  return (
    <Text size="xs" c="dimmed">
      {textNamed(reasons, reason) ?? reason}
    </Text>
  );
}
