import type { Tone } from '../../components/state-badge.tsx';
import type { Mode } from './schedule-api.ts';

/** What a mode means to an operator. */
export const modeTones: Record<Mode, Tone> = {
  redis: 'ok',
  suspect: 'warning',
  local: 'failing',
  draining: 'info',
};
