import { api } from '../../api/client.ts';
import { useReread } from '../../api/use-action.ts';
import { useReasonDialog } from '../../components/reason-dialog.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { jobPath, QUEUES_PATH, queuePath } from './queue-api.ts';
import { queuesTexts } from './queues.texts.ts';

/** Says what is done and has the queues read again. */
function useFinish(): (text: string) => Promise<void> {
  const { say } = useNotices();
  const reread = useReread();
  return async (text) => {
    say(text);
    await reread([QUEUES_PATH]);
  };
}

/** What an operator may do to a queue: each asks for the reason that the audit log keeps. */
export function useQueueActions() {
  const { questions, done, ...texts } = useTexts(queuesTexts);
  const ask = useReasonDialog();
  const finish = useFinish();
  return {
    pause: (name: string) =>
      ask({
        title: questions.pause(name),
        description: questions.pauseText,
        confirm: texts.pause,
        act: async (reason) => {
          await api.post(`${queuePath(name)}/pause`, { reason });
          await finish(done.paused(name));
        },
      }),
    resume: (name: string) =>
      ask({
        title: questions.resume(name),
        description: questions.resumeText,
        confirm: texts.resume,
        act: async (reason) => {
          await api.post(`${queuePath(name)}/resume`, { reason });
          await finish(done.resumed(name));
        },
      }),
    drain: (name: string) =>
      ask({
        title: questions.drain(name),
        description: questions.drainText,
        confirm: texts.drain,
        isDangerous: true,
        act: async (reason) => {
          const answer = await api.post<{ removed_jobs: number }>(`${queuePath(name)}/drain`, { reason });
          await finish(done.drained(answer.removed_jobs));
        },
      }),
    retryFailed: (name: string) =>
      ask({
        title: questions.retryFailed(name),
        description: questions.retryFailedText,
        confirm: texts.retryFailed,
        act: async (reason) => {
          const answer = await api.post<{ retried_jobs: number }>(`${queuePath(name)}/retry-failed`, {
            reason,
          });
          await finish(done.retried(answer.retried_jobs));
        },
      }),
  };
}

/** What an operator may do to a job; with a reason, too. */
export function useJobActions() {
  const { questions, done, ...texts } = useTexts(queuesTexts);
  const ask = useReasonDialog();
  const finish = useFinish();
  return {
    retryJob: (name: string, id: string) =>
      ask({
        title: questions.retry(id),
        description: questions.retryText,
        confirm: texts.retry,
        act: async (reason) => {
          await api.post(`${jobPath(name, id)}/retry`, { reason });
          await finish(done.jobRetried(id));
        },
      }),
    /** `then` is called when the job is gone. */
    removeJob: (name: string, id: string, then?: () => void) =>
      ask({
        title: questions.remove(id),
        description: questions.removeText,
        confirm: texts.remove,
        isDangerous: true,
        act: async (reason) => {
          await api.delete(jobPath(name, id), { reason });
          then?.();
          await finish(done.jobRemoved(id));
        },
      }),
  };
}
