import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import type { Hold, HoldStatus } from '../../api/coins.ts';
import { useReread } from '../../api/use-action.ts';
import { useList } from '../../api/use-list.ts';
import { useOperationKey } from '../../api/use-operation-key.ts';
import { CoinAmount } from '../../components/coin-amount.tsx';
import { coinTexts } from '../../components/coin.texts.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { IdText } from '../../components/id-text.tsx';
import { Panel } from '../../components/page.tsx';
import { useReasonDialog } from '../../components/reason-dialog.tsx';
import { StateBadge, type Tone } from '../../components/state-badge.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { coinsTexts } from './coins.texts.ts';

const tones: Record<HoldStatus, Tone> = {
  open: 'info',
  settled: 'ok',
  released: 'neutral',
  expired: 'warning',
};

/** The holds of the account below `path`; an operator may give back what a stuck one of `userId` holds. */
export function HoldList({ path, userId }: { path: string; userId: string | null }) {
  const texts = useTexts(coinsTexts);
  const { holds } = useTexts(coinTexts);
  const [status, setStatus] = useState('');
  const list = useList<Hold>(`${path}/holds`, { query: { status } });
  return (
    <Panel
      title={texts.holds}
      isPadded={false}
      actions={
        <NativeSelect
          size="xs"
          aria-label={texts.state}
          value={status}
          onChange={(event) => setStatus(event.currentTarget.value)}
          data={[
            { value: '', label: texts.allHolds },
            ...Object.entries(holds).map(([value, label]) => ({ value, label })),
          ]}
        />
      }
    >
      <DataTable
        label={texts.holds}
        columns={useColumns(userId)}
        list={list}
        rowKey={({ id }) => id}
        empty={{ title: texts.noHolds, hint: texts.noHoldsHint }}
      />
    </Panel>
  );
}

function useColumns(userId: string | null): Array<Column<Hold>> {
  const texts = useTexts(coinsTexts);
  const { holds } = useTexts(coinTexts);
  const columns: Array<Column<Hold>> = [
    { key: 'id', header: texts.hold, render: ({ id }) => <IdText value={id} /> },
    {
      key: 'status',
      header: texts.state,
      render: ({ status }) => <StateBadge tone={tones[status]} label={holds[status]} />,
    },
    { key: 'purpose', header: texts.purpose, render: ({ purpose }) => purpose },
    {
      key: 'amount',
      header: texts.amount,
      align: 'end',
      render: (hold) => <CoinAmount value={hold.amount} />,
    },
    {
      key: 'settled',
      header: texts.settled,
      align: 'end',
      render: (hold) => <CoinAmount value={hold.settled_amount} />,
    },
    { key: 'created', header: texts.at, render: (hold) => <TimeAgo at={hold.created_at} /> },
    {
      key: 'expires',
      header: texts.expires,
      render: (hold) => (hold.status === 'open' ? <TimeAgo at={hold.expires_at} /> : '—'),
    },
    { key: 'ended', header: texts.ended, render: (hold) => <TimeAgo at={hold.ended_at} /> },
  ];
  if (userId === null) return columns;
  const actions: Column<Hold> = {
    key: 'actions',
    header: texts.actions,
    align: 'end',
    render: (hold) => (hold.status === 'open' ? <ReleaseButton userId={userId} holdId={hold.id} /> : null),
  };
  return [...columns, actions];
}

function ReleaseButton({ userId, holdId }: { userId: string; holdId: string }) {
  const texts = useTexts(coinsTexts);
  const ask = useReasonDialog();
  const reread = useReread();
  const keyFor = useOperationKey();
  const { say } = useNotices();
  const release = () =>
    ask({
      title: `${texts.release}: ${holdId}`,
      description: texts.releaseText,
      confirm: texts.release,
      isDangerous: true,
      act: async (note) => {
        const path = `/api/coins/accounts/${userId}/holds/${holdId}/release`;
        await api.post(path, { note }, { idempotencyKey: keyFor({ path, note }) });
        say(texts.done.released);
        await reread(['/api/coins/']);
      },
    });
  return (
    <Button size="compact-xs" variant="default" aria-label={`${texts.release}: ${holdId}`} onClick={release}>
      {texts.release}
    </Button>
  );
}
