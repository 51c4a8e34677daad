import { EmptyState } from '../../components/empty-state.tsx';
import { JsonView } from '../../components/json-view.tsx';
import { Page, Panel } from '../../components/page.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { useLive } from '../../live/live.tsx';
import { overviewTexts } from './overview.texts.ts';

/** How the installation is, at one glance. */
export default function OverviewPage() {
  const texts = useTexts(overviewTexts);
  const { overview } = useLive();
  return (
    <Page title={texts.title} lead={texts.lead}>
      <Panel>
        {overview ? <JsonView value={overview} label={texts.title} /> : <EmptyState title={texts.waiting} />}
      </Panel>
    </Page>
  );
}
