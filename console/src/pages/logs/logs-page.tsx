import { Page } from '../../components/page.tsx';
import { PageTabs } from '../../components/page-tabs.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { useUser } from '../../session/session.tsx';
import { AccountingView } from './accounting-view.tsx';
import { logsTexts } from './logs.texts.ts';
import { LogSearch } from './log-search.tsx';
import { LogTailView } from './log-tail-view.tsx';
import { QuarantineList } from './quarantine-list.tsx';

/** The logs of devices: search, live, and for operators what became of every line. */
export default function LogsPage() {
  const texts = useTexts(logsTexts);
  const { can } = useUser();
  const forAll = [
    { path: 'search', label: texts.tabs.search, content: <LogSearch /> },
    { path: 'tail', label: texts.tabs.tail, content: <LogTailView /> },
  ];
  const forOperators = [
    { path: 'quarantine', label: texts.tabs.quarantine, content: <QuarantineList /> },
    { path: 'accounting', label: texts.tabs.accounting, content: <AccountingView /> },
  ];
  return (
    <Page title={texts.title} lead={texts.lead}>
      <PageTabs base="/logs" tabs={can('operations') ? [...forAll, ...forOperators] : forAll} />
    </Page>
  );
}
