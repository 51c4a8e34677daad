import { Anchor } from '@mantine/core';
import { Link, Route, Routes, useNavigate, useParams } from 'react-router';
import { useState } from 'react';
import { LookupForm } from '../../components/lookup-form.tsx';
import { Page } from '../../components/page.tsx';
import { PageTabs } from '../../components/page-tabs.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { NotFoundPage } from '../../layout/error-pages.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { useUser } from '../../session/session.tsx';
import { AccountPanel } from './account-panel.tsx';
import { coinsTexts } from './coins.texts.ts';
import { HoldList } from './hold-list.tsx';
import { JournalList } from './journal-list.tsx';
import { ReconcileList } from './reconcile-list.tsx';

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** One's own coins; for operators those of anybody, and whether the books agree. */
export default function CoinsPage() {
  return (
    <Routes>
      <Route path="accounts/:userId/*" element={<UserAccount />} />
      <Route path="*" element={<OwnAccount />} />
    </Routes>
  );
}

function OwnAccount() {
  const texts = useTexts(coinsTexts);
  const { can, email } = useUser();
  const tabs = [
    { path: 'journal', label: texts.journal, content: <JournalList path="/api/coins" /> },
    { path: 'holds', label: texts.holds, content: <HoldList path="/api/coins" userId={null} /> },
    ...(can('operations')
      ? [{ path: 'reconciling', label: texts.reconciling, content: <ReconcileList /> }]
      : []),
  ];
  return (
    <Page title={texts.title} lead={texts.lead} actions={can('operations') ? <AccountLookup /> : null}>
      <AccountPanel title={`${texts.ownAccount}: ${email}`} path="/api/coins/account" userId={null} />
      <PageTabs base="/coins" tabs={tabs} />
    </Page>
  );
}

function UserAccount() {
  const texts = useTexts(coinsTexts);
  const { userId = '' } = useParams();
  const { can } = useUser();
  if (!can('operations') || !UUID.test(userId)) return <NotFoundPage />;
  const path = `/api/coins/accounts/${userId}`;
  const tabs = [
    { path: 'journal', label: texts.journal, content: <JournalList path={path} /> },
    { path: 'holds', label: texts.holds, content: <HoldList path={path} userId={userId} /> },
  ];
  return (
    <Page
      title={`${texts.accountOf} ${userId.slice(0, 8)}…${userId.slice(-6)}`}
      lead={
        <Anchor component={Link} to="/coins" inherit>
          {texts.title}
        </Anchor>
      }
      actions={<AccountLookup />}
    >
      <AccountPanel title={userId} path={path} userId={userId} />
      <PageTabs base={`/coins/accounts/${userId}`} tabs={tabs} />
    </Page>
  );
}

function AccountLookup() {
  const texts = useTexts(coinsTexts);
  const navigate = useNavigate();
  const { say } = useNotices();
  const [count, setCount] = useState(0);
  return (
    <LookupForm
      key={count}
      label={texts.lookup}
      placeholder={texts.lookupPlaceholder}
      submit={texts.show}
      onSubmit={(text) => {
        if (!UUID.test(text)) return say(texts.notAnId);
        setCount(count + 1);
        void navigate(`/coins/accounts/${text}`);
      }}
    />
  );
}
