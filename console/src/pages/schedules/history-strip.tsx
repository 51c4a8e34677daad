import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api } from '../../api/client.ts';
import type { Page } from '../../api/use-list.ts';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { type Schedule, schedulePath, type Slot } from './schedule-api.ts';
import { schedulesTexts } from './schedules.texts.ts';
import classes from './schedules.module.css';

const SHOWN_SLOTS = 20;
/** Strips of tasks that end every few seconds are not read more often. */
const FRESH_MS = 10_000;

/** What became of the last due times of a task, the newest at the end; each bar is one. */
export function HistoryStrip({ schedule }: { schedule: Schedule }) {
  const texts = useTexts(schedulesTexts);
  const { dateTime } = useFormats();
  const path = `${schedulePath(schedule.name)}/runs`;
  const { data } = useQuery({
    // Read again when another run has ended, and at no other time.
    queryKey: [path, 'strip', timeSlice(schedule.last_ended_at)],
    queryFn: ({ signal }) => api.get<Page<Slot>>(path, { query: { limit: SHOWN_SLOTS }, signal }),
    staleTime: Infinity,
    gcTime: FRESH_MS,
    placeholderData: keepPreviousData,
  });
  const slots = data?.items.toReversed() ?? [];
  const good = slots.filter(({ state }) => state === 'succeeded').length;
  const bad = slots.filter(({ state }) => state === 'failed' || state === 'timed_out').length;
  return (
    <div className={classes.strip} role="img" aria-label={texts.strip(slots.length, good, bad)}>
      {slots.map((slot) => (
        <span
          key={`${slot.due_at} ${slot.run_id}`}
          className={classes.bar}
          data-state={slot.state}
          title={`${dateTime(slot.due_at)} · ${texts.states[slot.state]}`}
        />
      ))}
    </div>
  );
}

function timeSlice(time: string | null): number | null {
  return time === null ? null : Math.floor(Date.parse(time) / FRESH_MS);
}
