import { Route, Routes } from 'react-router';
import { NotFoundPage } from '../../layout/error-pages.tsx';
import { JobPage } from './job-page.tsx';
import { QueueList } from './queue-list.tsx';
import { QueuePage } from './queue-page.tsx';

/** The queues, one queue with its jobs, one job. */
export default function QueuesPage() {
  return (
    <Routes>
      <Route index element={<QueueList />} />
      <Route path=":name" element={<QueuePage />} />
      <Route path=":name/jobs/:id" element={<JobPage />} />
      <Route path="*" element={<NotFoundPage />} />
    </Routes>
  );
}
