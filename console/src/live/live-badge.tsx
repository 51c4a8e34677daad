import { Alert, Tooltip } from '@mantine/core';
import { Icon } from '../components/icon.tsx';
import { StateBadge, type Tone } from '../components/state-badge.tsx';
import { useTexts } from '../i18n/language.tsx';
import { useLive } from './live.tsx';
import type { LiveSnapshot, LiveStatus } from './live-store.ts';
import { liveTexts } from './live.texts.ts';

const tones: Record<LiveStatus, Tone> = {
  live: 'ok',
  connecting: 'info',
  reconnecting: 'warning',
  off: 'neutral',
};

/** In the header: whether what is shown is of now, and whether a part is missing. */
export function LiveBadge() {
  const texts = useTexts(liveTexts);
  const snapshot = useLive();
  const trouble = troubleOf(snapshot, texts);
  const hint = trouble ?? (snapshot.status === 'reconnecting' ? texts.reconnectingHint : undefined);
  const badge =
    trouble === undefined ? (
      <StateBadge tone={tones[snapshot.status]} label={texts[snapshot.status]} />
    ) : (
      <StateBadge tone="failing" label={texts.degraded} />
    );
  return (
    <Tooltip label={hint ?? ''} disabled={hint === undefined} multiline w={280}>
      <span role="status">{badge}</span>
    </Tooltip>
  );
}

/** Above the page, while a part that all pages need is missing. */
export function LiveBanner() {
  const texts = useTexts(liveTexts);
  const trouble = troubleOf(useLive(), texts);
  if (trouble === undefined) return null;
  return (
    <Alert color="red" variant="outline" icon={<Icon name="warning" />} mb="md" role="alert">
      {trouble}
    </Alert>
  );
}

function troubleOf({ status, overview }: LiveSnapshot, texts: typeof liveTexts.en): string | undefined {
  if (status !== 'live' || !overview) return undefined;
  const troubles = [
    overview.redis === 'down' ? texts.redisDown : null,
    overview.mysql === 'down' ? texts.mysqlDown : null,
  ].filter((trouble) => trouble !== null);
  return troubles.length === 0 ? undefined : troubles.join(' ');
}
