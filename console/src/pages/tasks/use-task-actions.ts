import { api } from '../../api/client.ts';
import { useReread } from '../../api/use-action.ts';
import { useReasonDialog } from '../../components/reason-dialog.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { jobPath, MONITOR_PATH, QUEUES_PATH, taskPath, TASKS_PATH } from './task-api.ts';
import { tasksTexts } from './tasks.texts.ts';

/** What can be done about a task, by its id. Each asks first. */
export interface TaskActions {
  cancel: (id: string) => void;
  requeue: (id: string) => void;
}

/** What a user may do about own tasks. */
export function useOwnTaskActions(): TaskActions {
  return useAsking((id, what) => api.post(`${taskPath(id)}/${what}`), 'none');
}

/** What an operator may do about anybody's tasks: with the reason that the audit log keeps. */
export function useJobActions(): TaskActions {
  return useAsking((id, what, reason) => api.post(`${jobPath(id)}/${what}`, { reason }), 'required');
}

function useAsking(
  act: (id: string, what: 'cancel' | 'requeue', reason: string) => Promise<unknown>,
  reason: 'required' | 'none',
): TaskActions {
  const { questions, done, ...texts } = useTexts(tasksTexts);
  const ask = useReasonDialog();
  const reread = useReread();
  const { say } = useNotices();
  const finish = async (text: string) => {
    say(text);
    await reread([TASKS_PATH, MONITOR_PATH, QUEUES_PATH]);
  };
  return {
    cancel: (id) =>
      ask({
        title: questions.cancel,
        description: questions.cancelText,
        confirm: texts.cancel,
        isDangerous: true,
        reason,
        act: async (why) => {
          await act(id, 'cancel', why);
          await finish(done.cancelled);
        },
      }),
    requeue: (id) =>
      ask({
        title: questions.requeue,
        description: questions.requeueText,
        confirm: texts.requeue,
        reason,
        act: async (why) => {
          await act(id, 'requeue', why);
          await finish(done.requeued);
        },
      }),
  };
}
