import type { TurnStatus } from '../api/turn-status.ts';
import { defineTexts } from '../i18n/dictionary.ts';
import { useTexts } from '../i18n/language.tsx';
import { StateBadge, type Tone } from './state-badge.tsx';

const texts = defineTexts(
  {
    running: 'Running',
    complete: 'Complete',
    stopped: 'Stopped',
    failed: 'Failed',
    interrupted: 'Interrupted',
    violation: 'Violation',
  },
  {
    running: '进行中',
    complete: '完成',
    stopped: '已停止',
    failed: '失败',
    interrupted: '已中断',
    violation: '违规',
  },
);
const tones: Record<TurnStatus, Tone> = {
  running: 'info',
  complete: 'ok',
  stopped: 'neutral',
  failed: 'failing',
  interrupted: 'warning',
  violation: 'failing',
};

/** How a turn stands, as a word. */
export function TurnStatusBadge({ status }: { status: TurnStatus }) {
  return <StateBadge tone={tones[status]} label={useTexts(texts)[status]} />;
}
