import { Skeleton } from '@mantine/core';
import { useState } from 'react';
import type { CoinAccount } from '../../api/coins.ts';
import { useRead } from '../../api/use-read.ts';
import { CoinAmount } from '../../components/coin-amount.tsx';
import { Stat, Stats } from '../../components/stats.tsx';
import { Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { AccountActions } from './account-actions.tsx';
import { coinsTexts } from './coins.texts.ts';
import { type Movement, MovementDialog } from './movement-dialog.tsx';

/** What an account has and owes; with what an operator may do to it if it is somebody's by `userId`. */
export function AccountPanel({
  title,
  path,
  userId,
}: {
  title: string;
  path: string;
  userId: string | null;
}) {
  const [movement, setMovement] = useState<Movement | null>(null);
  const { data, error, refetch } = useRead<CoinAccount>(path);
  return (
    <Panel
      title={title}
      actions={
        userId === null || !data ? null : (
          <AccountActions userId={userId} isBlocked={data.is_blocked} onMove={setMovement} />
        )
      }
    >
      {error ? <ProblemAlert problem={error} onRetry={() => void refetch()} /> : null}
      {data ? <Facts account={data} /> : error ? null : <Skeleton height={70} />}
      {movement && userId !== null ? (
        <MovementDialog movement={movement} userId={userId} onClose={() => setMovement(null)} />
      ) : null}
    </Panel>
  );
}

function Facts({ account }: { account: CoinAccount }) {
  const texts = useTexts(coinsTexts);
  return (
    <Stats>
      <Stat name={texts.available}>
        <CoinAmount value={account.available} />
      </Stat>
      <Stat name={texts.held}>
        <CoinAmount value={account.frozen} />
      </Stat>
      <Stat name={texts.balance}>
        <CoinAmount value={account.balance} />
      </Stat>
      <Stat name={texts.debt}>
        <CoinAmount value={account.debt} />
      </Stat>
      <Stat name={texts.state}>
        {account.is_blocked ? (
          <StateBadge tone="failing" label={texts.blocked} />
        ) : (
          <StateBadge tone="ok" label={texts.active} />
        )}
      </Stat>
    </Stats>
  );
}
