import { Alert, Stack, Text } from '@mantine/core';
import {
  isZeroCoins,
  type CoinAccount,
  type Hold,
  type JournalEntry,
  subtractCoins,
} from '../../api/coins.ts';
import type { Page as ListPage } from '../../api/use-list.ts';
import { useRead } from '../../api/use-read.ts';
import { CoinAmount } from '../../components/coin-amount.tsx';
import { coinTexts } from '../../components/coin.texts.ts';
import { DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { useTexts } from '../../i18n/language.tsx';
import classes from './playground.module.css';
import { playgroundTexts } from './playground.texts.ts';

/** While a turn runs, other turns of the same user may move coins too. */
const WHILE_RUNNING_MS = 3000;
const NEWEST = 8;

/** What the user's own coin account does while a turn runs: what is held, what is settled, what the journal says. */
export function TurnCoins({ turnId, isRunning }: { turnId: string | null; isRunning: boolean }) {
  const everyMs = isRunning ? { everyMs: WHILE_RUNNING_MS } : {};
  const account = useRead<CoinAccount>('/api/coins/account', everyMs);
  const holds = useRead<ListPage<Hold>>('/api/coins/holds', { query: { limit: NEWEST }, ...everyMs });
  const journal = useRead<ListPage<JournalEntry>>('/api/coins/journal', {
    query: { limit: NEWEST },
    ...everyMs,
  });
  const texts = useTexts(playgroundTexts);
  const problem = account.error ?? holds.error ?? journal.error;
  const hold = holds.data?.items.find(({ id }) => id === turnId);
  const reread = () => void Promise.all([account.refetch(), holds.refetch(), journal.refetch()]);
  return (
    <Stack gap="md" component="aside" aria-label={texts.coins}>
      {problem ? <ProblemAlert problem={problem} onRetry={reread} /> : null}
      <Panel title={texts.coins}>
        <Balances account={account.data} />
      </Panel>
      <Panel title={texts.thisTurn}>
        {hold ? (
          <HoldSteps hold={hold} />
        ) : (
          <Text size="sm" c="dimmed">
            {texts.noTurn}
          </Text>
        )}
      </Panel>
      <Panel title={texts.journal} isPadded={false}>
        <Journal entries={journal.data?.items} turnId={turnId} />
      </Panel>
    </Stack>
  );
}

function Balances({ account }: { account: CoinAccount | undefined }) {
  const texts = useTexts(playgroundTexts);
  const hasDebt = account !== undefined && !isZeroCoins(account.debt);
  const facts: Array<[name: string, value: string | undefined]> = [
    [texts.available, account?.available],
    [texts.held, account?.frozen],
    [texts.balance, account?.balance],
    ...(hasDebt ? [[texts.debt, account.debt] as [string, string]] : []),
  ];
  return (
    <>
      <dl className={classes.facts}>
        {facts.map(([name, value]) => (
          <div key={name} className={classes.fact}>
            <dt>{name}</dt>
            <dd>
              <CoinAmount value={value} />
            </dd>
          </div>
        ))}
      </dl>
      {account?.is_blocked ? (
        <Alert color="red" variant="outline" mt="sm">
          {texts.blocked}
        </Alert>
      ) : null}
    </>
  );
}

/** The life of a hold: frozen, then settled and the rest given back, or given back as a whole. */
function HoldSteps({ hold }: { hold: Hold }) {
  const texts = useTexts(playgroundTexts);
  const { steps } = texts;
  const settled = hold.settled_amount;
  const hasDebt = hold.debt_amount !== null && !isZeroCoins(hold.debt_amount);
  const given = settled === null ? hold.amount : subtractCoins(hold.amount, settled);
  const rest = given.startsWith('-') ? '0' : given;
  return (
    <ol className={classes.steps} aria-label={texts.thisTurn}>
      <Step name={steps.held} value={hold.amount} isDone />
      {hold.status === 'open' ? <Step name={steps.open} /> : null}
      {settled === null ? null : <Step name={steps.settled} value={settled} isDone />}
      {hasDebt ? <Step name={steps.debt} value={hold.debt_amount} isDone /> : null}
      {hold.status === 'open' ? null : (
        <Step name={hold.status === 'expired' ? steps.expired : steps.released} value={rest} isDone />
      )}
    </ol>
  );
}

function Step({ name, value, isDone = false }: { name: string; value?: string | null; isDone?: boolean }) {
  return (
    <li className={classes.step} data-done={isDone}>
      <span>{name}</span>
      {value === undefined ? null : <CoinAmount value={value} />}
    </li>
  );
}

function Journal({
  entries,
  turnId,
}: {
  entries: readonly JournalEntry[] | undefined;
  turnId: string | null;
}) {
  const texts = useTexts(playgroundTexts);
  const { kinds } = useTexts(coinTexts);
  return (
    <DataTable
      label={texts.journal}
      rows={entries}
      rowKey={(entry) => String(entry.sequence)}
      empty={{ title: texts.journalEmpty }}
      columns={[
        {
          key: 'kind',
          header: texts.entry,
          render: (entry) => (
            <span className={classes.kind}>
              {kinds[entry.kind]}
              {turnId !== null && entry.reference === turnId ? (
                <StateBadge tone="info" label={texts.turnTag} />
              ) : null}
            </span>
          ),
        },
        {
          key: 'balance',
          header: texts.balanceDelta,
          align: 'end',
          render: (entry) => <CoinAmount value={entry.balance_delta} isSigned />,
        },
        {
          key: 'frozen',
          header: texts.frozenDelta,
          align: 'end',
          render: (entry) => <CoinAmount value={entry.frozen_delta} isSigned />,
        },
      ]}
    />
  );
}
