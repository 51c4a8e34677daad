import { Route, Routes } from 'react-router';
import { NotFoundPage } from '../../layout/error-pages.tsx';
import { ScheduleList } from './schedule-list.tsx';
import { SchedulePage } from './schedule-page.tsx';

/** The periodic tasks, and one of them. */
export default function SchedulesPage() {
  return (
    <Routes>
      <Route index element={<ScheduleList />} />
      <Route path=":name" element={<SchedulePage />} />
      <Route path="*" element={<NotFoundPage />} />
    </Routes>
  );
}
