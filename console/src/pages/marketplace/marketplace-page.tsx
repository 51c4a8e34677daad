import { Page } from '../../components/page.tsx';
import { PageTabs } from '../../components/page-tabs.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { ExpertList } from './expert-list.tsx';
import { marketplaceTexts } from './marketplace.texts.ts';
import { TaskList } from './task-list.tsx';

/** The marketplace as an operator sees it: tasks, disputes first, and experts. */
export default function MarketplacePage() {
  const texts = useTexts(marketplaceTexts);
  const tabs = [
    { path: 'tasks', label: texts.tabs.tasks, content: <TaskList /> },
    { path: 'experts', label: texts.tabs.experts, content: <ExpertList /> },
  ];
  return (
    <Page title={texts.title} lead={texts.lead}>
      <PageTabs base="/marketplace" tabs={tabs} />
    </Page>
  );
}
