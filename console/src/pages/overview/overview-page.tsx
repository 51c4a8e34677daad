import { useRead } from '../../api/use-read.ts';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { useLive } from '../../live/live.tsx';
import type { Overview } from '../../live/overview.ts';
import { Facts } from './facts.tsx';
import { overviewTexts } from './overview.texts.ts';
import { Plots } from './plots.tsx';
import { QueueSummary } from './queue-summary.tsx';
import { Verdicts } from './verdicts.tsx';

/** How the installation is, at one glance. */
export default function OverviewPage() {
  const texts = useTexts(overviewTexts);
  const { time } = useFormats();
  const { status, overview: streamed } = useLive();
  // The stream does not say why it does not come; a plain request does, and may get through where the stream cannot.
  const isStreamBroken = status === 'reconnecting';
  const read = useRead<Overview>('/api/admin/overview', { isEnabled: isStreamBroken, everyMs: 10_000 });
  const overview = isStreamBroken ? (read.data ?? streamed) : streamed;
  return (
    <Page
      title={texts.title}
      lead={overview ? `${texts.lead} ${texts.asOf} ${time(overview.at)}.` : texts.lead}
    >
      {isStreamBroken && read.error ? (
        <ProblemAlert problem={read.error} onRetry={() => void read.refetch()} />
      ) : null}
      <Verdicts verdicts={overview?.verdicts} />
      <Facts overview={overview} />
      <Plots overview={overview} />
      <QueueSummary queues={overview?.queues} />
    </Page>
  );
}
