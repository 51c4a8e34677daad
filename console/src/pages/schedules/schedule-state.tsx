import { StateBadge, type Tone } from '../../components/state-badge.tsx';
import { useTexts } from '../../i18n/language.tsx';
import type { Schedule, SlotState } from './schedule-api.ts';
import { schedulesTexts } from './schedules.texts.ts';

const tones: Record<SlotState, Tone> = {
  due: 'info',
  running: 'info',
  succeeded: 'ok',
  failed: 'failing',
  timed_out: 'failing',
  skipped: 'neutral',
};

/** How a slot ended, or that it has not. */
export function SlotBadge({ state }: { state: SlotState }) {
  const { states } = useTexts(schedulesTexts);
  return <StateBadge tone={tones[state]} label={states[state]} />;
}

/** That a task is paused, else how it ended last. */
export function ScheduleBadge({ schedule }: { schedule: Schedule }) {
  const texts = useTexts(schedulesTexts);
  if (schedule.is_paused) return <StateBadge tone="warning" label={texts.paused} />;
  if (schedule.last_outcome === null) return <StateBadge tone="neutral" label={texts.never} />;
  return <SlotBadge state={schedule.last_outcome} />;
}
