import { Route, Routes } from 'react-router';
import { Page } from '../../components/page.tsx';
import { PageTabs } from '../../components/page-tabs.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { NotFoundPage } from '../../layout/error-pages.tsx';
import { useUser } from '../../session/session.tsx';
import { ConversationPage } from './conversation-page.tsx';
import { conversationsTexts } from './conversations.texts.ts';
import { InspectionPage } from './inspection-page.tsx';
import { inspectionTexts } from './inspection.texts.ts';
import { OwnConversations } from './own-conversations.tsx';
import { ParkedConversations } from './parked-conversations.tsx';
import { UserConversations } from './user-conversations.tsx';

/** Conversations: one's own, and for operators those that cannot be saved. */
export default function ConversationsPage() {
  return (
    <Routes>
      <Route path="own/:id" element={<ConversationPage />} />
      <Route path="users/:id" element={<InspectionGate />} />
      <Route path="*" element={<Overview />} />
    </Routes>
  );
}

function InspectionGate() {
  const { can } = useUser();
  return can('operations') ? <InspectionPage /> : <NotFoundPage />;
}

function Overview() {
  const texts = useTexts(conversationsTexts);
  const inspection = useTexts(inspectionTexts);
  const { can } = useUser();
  const users = { path: 'users', label: inspection.tab, content: <UserConversations /> };
  const own = { path: 'own', label: texts.tabs.own, content: <OwnConversations /> };
  const parked = { path: 'parked', label: texts.tabs.parked, content: <ParkedConversations /> };
  return (
    <Page title={texts.title} lead={texts.lead}>
      <PageTabs base="/conversations" tabs={can('operations') ? [users, parked, own] : [own]} />
    </Page>
  );
}
