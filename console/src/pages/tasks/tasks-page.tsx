import type { ReactElement } from 'react';
import { Route, Routes } from 'react-router';
import { Page } from '../../components/page.tsx';
import { PageTabs } from '../../components/page-tabs.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { NotFoundPage } from '../../layout/error-pages.tsx';
import { useUser } from '../../session/session.tsx';
import { FlowList } from './flow-list.tsx';
import { FlowPage } from './flow-page.tsx';
import { OwnTasks } from './own-tasks.tsx';
import { QueueOverview } from './queue-overview.tsx';
import { QueuePage } from './queue-page.tsx';
import { JobPage, TaskPage } from './task-page.tsx';
import { tasksTexts } from './tasks.texts.ts';

/** Tasks and flows: one's own; for operators the queues, who waits in them, and anybody's tasks. */
export default function TasksPage() {
  return (
    <Routes>
      <Route path="own/:id" element={<TaskPage />} />
      <Route path="flows/:id" element={<FlowPage />} />
      <Route path="queues/:name" element={<ForOperators page={<QueuePage />} />} />
      <Route path="jobs/:id" element={<ForOperators page={<JobPage />} />} />
      <Route path="*" element={<Overview />} />
    </Routes>
  );
}

function ForOperators({ page }: { page: ReactElement }) {
  const { can } = useUser();
  return can('operations') ? page : <NotFoundPage />;
}

function Overview() {
  const texts = useTexts(tasksTexts);
  const { can } = useUser();
  const queues = { path: 'queues', label: texts.tabs.queues, content: <QueueOverview /> };
  const own = [
    { path: 'own', label: texts.tabs.own, content: <OwnTasks /> },
    { path: 'flows', label: texts.tabs.flows, content: <FlowList /> },
  ];
  return (
    <Page title={texts.title} lead={texts.lead}>
      <PageTabs base="/tasks" tabs={can('operations') ? [queues, ...own] : own} />
    </Page>
  );
}
