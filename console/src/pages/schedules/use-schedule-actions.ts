import { api } from '../../api/client.ts';
import { useAction, useReread } from '../../api/use-action.ts';
import { useReasonDialog } from '../../components/reason-dialog.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { schedulePath, SCHEDULER_PATH, SCHEDULES_PATH } from './schedule-api.ts';
import { schedulesTexts } from './schedules.texts.ts';

const DRILL_SECONDS = 60;

/** What an operator may do to the periodic tasks. All of it is in the audit log. */
export function useScheduleActions() {
  const texts = useTexts(schedulesTexts);
  const ask = useReasonDialog();
  const { say } = useNotices();
  const reread = useReread();
  const finish = async (text: string) => {
    say(text);
    await reread([SCHEDULES_PATH, SCHEDULER_PATH]);
  };
  const run = useAction<string>({
    // One click is one run, however often the request is sent.
    act: (name) => api.post(`${schedulePath(name)}/run`, undefined, { idempotencyKey: crypto.randomUUID() }),
    changes: [SCHEDULES_PATH],
    done: (_, name) => texts.done.run(name),
  });
  return {
    run,
    pause: (name: string) =>
      ask({
        title: texts.pauseQuestion(name),
        description: texts.pauseText,
        confirm: texts.pause,
        reason: 'none',
        act: async () => {
          await api.post(`${schedulePath(name)}/pause`);
          await finish(texts.done.paused(name));
        },
      }),
    resume: (name: string) =>
      ask({
        title: texts.resumeQuestion(name),
        description: texts.resumeText,
        confirm: texts.resume,
        reason: 'none',
        act: async () => {
          await api.post(`${schedulePath(name)}/resume`);
          await finish(texts.done.resumed(name));
        },
      }),
    /** null: the default. @throws ProblemError `cron_invalid` */
    setCron: async (name: string, cron: string | null) => {
      const schedule = await api.put<{ cron: string }>(`${schedulePath(name)}/cron`, { cron });
      await finish(texts.done.cron(name, schedule.cron));
    },
    drill: () =>
      ask({
        title: texts.mode.drillQuestion,
        description: texts.mode.drillText,
        confirm: texts.mode.begin,
        reason: 'none',
        act: async () => {
          await api.post(`${SCHEDULER_PATH}/drill`, { seconds: DRILL_SECONDS });
          await finish(texts.done.drill);
        },
      }),
    endDrill: useAction({
      act: () => api.post(`${SCHEDULER_PATH}/drill`, { seconds: 0 }),
      changes: [SCHEDULER_PATH],
      done: texts.done.drillEnded,
    }),
  };
}
