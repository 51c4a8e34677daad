import { Button, NumberInput, Skeleton, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { api } from '../../api/client.ts';
import { useReread } from '../../api/use-action.ts';
import { useList } from '../../api/use-list.ts';
import { useOperationKey } from '../../api/use-operation-key.ts';
import { useRead } from '../../api/use-read.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { LookupForm } from '../../components/lookup-form.tsx';
import { Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { Stat, Stats } from '../../components/stats.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { engagementTexts } from './engagement.texts.ts';

interface PointEntry {
  sequence: number;
  kind: 'earn' | 'exchange' | 'return' | 'expire';
  points: number;
  balance_after: number;
  created_at: string;
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const POINTS_PATH = '/api/admin/points';
const limits = { points: 1_000_000_000, days: 3650 };

/** The points of one user, and what became of them. */
export function UserPoints() {
  const texts = useTexts(engagementTexts);
  const { say } = useNotices();
  const [params, setParams] = useSearchParams();
  const userId = params.get('user_id') ?? '';
  return (
    <Stack gap="md">
      <LookupForm
        label={texts.user}
        placeholder={texts.userPlaceholder}
        submit={texts.show}
        initial={userId}
        onSubmit={(text) => (UUID.test(text) ? setParams({ user_id: text }) : say(texts.notAnId))}
      />
      {UUID.test(userId) ? (
        <PointsOf key={userId} userId={userId} />
      ) : (
        <Panel>
          <EmptyState icon="gift" title={texts.choose} hint={texts.chooseHint} />
        </Panel>
      )}
    </Stack>
  );
}

function PointsOf({ userId }: { userId: string }) {
  const texts = useTexts(engagementTexts);
  const { count } = useFormats();
  const [isGiving, setGiving] = useState(false);
  const { data, error, refetch } = useRead<{ balance: number; available: number }>(
    `${POINTS_PATH}/${userId}`,
  );
  return (
    <>
      <Panel
        title={texts.points}
        actions={
          data ? (
            <Button size="xs" variant="default" onClick={() => setGiving(true)}>
              {texts.give}
            </Button>
          ) : null
        }
      >
        {error ? <ProblemAlert problem={error} onRetry={() => void refetch()} /> : null}
        {data ? (
          <Stats>
            <Stat name={texts.available}>{count(data.available)}</Stat>
            <Stat name={texts.balance}>{count(data.balance)}</Stat>
          </Stats>
        ) : error ? null : (
          <Skeleton height={50} />
        )}
      </Panel>
      {error && !data ? null : <History userId={userId} />}
      {isGiving ? <GiveDialog userId={userId} onClose={() => setGiving(false)} /> : null}
    </>
  );
}

function History({ userId }: { userId: string }) {
  const texts = useTexts(engagementTexts);
  const { count } = useFormats();
  const list = useList<PointEntry>(`${POINTS_PATH}/${userId}/history`);
  const columns: Array<Column<PointEntry>> = [
    { key: 'sequence', header: '#', align: 'end', width: 60, render: (entry) => entry.sequence },
    { key: 'kind', header: texts.kind, render: (entry) => texts.kinds[entry.kind] },
    { key: 'points', header: texts.points, align: 'end', render: (entry) => count(entry.points) },
    { key: 'after', header: texts.after, align: 'end', render: (entry) => count(entry.balance_after) },
    { key: 'at', header: texts.at, render: (entry) => <TimeAgo at={entry.created_at} /> },
  ];
  return (
    <Panel title={texts.history} isPadded={false}>
      <DataTable
        label={texts.history}
        columns={columns}
        list={list}
        rowKey={(entry) => String(entry.sequence)}
        empty={{ title: texts.noHistory }}
      />
    </Panel>
  );
}

function GiveDialog({ userId, onClose }: { userId: string; onClose: () => void }) {
  const texts = useTexts(engagementTexts);
  const { say } = useNotices();
  const reread = useReread();
  const keyFor = useOperationKey();
  const [points, setPoints] = useState<number | ''>('');
  const [days, setDays] = useState<number | ''>(365);
  const [reason, setReason] = useState('');
  const act = async () => {
    const path = `${POINTS_PATH}/${userId}/grants`;
    const body = { points, valid_days: days, reason: reason.trim() };
    await api.post(path, body, { idempotencyKey: keyFor({ path, body }) });
    say(texts.given);
    await reread([POINTS_PATH]);
  };
  const whole = { min: 1, allowDecimal: false, hideControls: true, required: true } as const;
  const numberOf = (value: number | string) => (typeof value === 'number' ? value : '');
  return (
    <FormDialog
      title={texts.give}
      description={texts.giveText}
      confirm={texts.give}
      canSubmit={points !== '' && days !== '' && reason.trim() !== ''}
      onClose={onClose}
      act={act}
    >
      <NumberInput
        {...whole}
        label={texts.points}
        max={limits.points}
        value={points}
        data-autofocus
        onChange={(value) => setPoints(numberOf(value))}
      />
      <NumberInput
        {...whole}
        label={texts.pointsValidDays}
        max={limits.days}
        value={days}
        onChange={(value) => setDays(numberOf(value))}
      />
      <TextInput
        label={texts.reason}
        description={texts.reasonHint}
        required
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
