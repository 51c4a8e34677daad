import { Route, Routes } from 'react-router';
import { Page } from '../../components/page.tsx';
import { PageTabs } from '../../components/page-tabs.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { useUser } from '../../session/session.tsx';
import { ConversationPage } from './conversation-page.tsx';
import { conversationsTexts } from './conversations.texts.ts';
import { OwnConversations } from './own-conversations.tsx';
import { ParkedConversations } from './parked-conversations.tsx';

/** Conversations: one's own, and for operators those that cannot be saved. */
export default function ConversationsPage() {
  return (
    <Routes>
      <Route path="own/:id" element={<ConversationPage />} />
      <Route path="*" element={<Overview />} />
    </Routes>
  );
}

function Overview() {
  const texts = useTexts(conversationsTexts);
  const { can } = useUser();
  const own = { path: 'own', label: texts.tabs.own, content: <OwnConversations /> };
  const parked = { path: 'parked', label: texts.tabs.parked, content: <ParkedConversations /> };
  return (
    <Page title={texts.title} lead={texts.lead}>
      <PageTabs base="/conversations" tabs={can('operations') ? [parked, own] : [own]} />
    </Page>
  );
}
