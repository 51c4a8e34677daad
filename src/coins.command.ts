import {
  ChainVerifier,
  type ReconciliationReport,
  ReconciliationService,
  type VerificationReport,
} from './modules/coin-account/index.js';
import type { LoadedConfig } from './platform/config/index.js';
import { idSchema } from './shared/ids.js';
import { withCliApp } from './with-cli-app.js';

export const COINS_RECONCILE_HELP = `Usage: lockkeeper coins-reconcile [--json]

Compares the books: the journal with the balances, the open holds with what is frozen, the ended holds with
their entries, the turns with their holds. Changes nothing; the service may run meanwhile.

  --json   print the report as JSON

Exit code 0 if all agree, 1 if not. Progress goes to standard error.
`;

export const COINS_VERIFY_HELP = `Usage: lockkeeper coins-verify [--account ID] [--json]

Follows the chain of hashes through the journal of every account and finds entries that were altered, removed
or moved. Changes nothing; the service may run meanwhile.

  --account ID   this user's account alone
  --json         print the report as JSON

Exit code 0 if every chain is whole, 1 if not. Progress goes to standard error.
`;

/** What a command printed on standard output, and how it ends. */
export interface CommandOutcome {
  output: string;
  exitCode: 0 | 1;
}

export interface CoinsCommandOptions {
  json?: boolean | undefined;
  account?: string | undefined;
}

/** Runs `coins-reconcile`. @throws an error whose message is for the operator. */
export async function reconcileCoins(
  config: LoadedConfig,
  { json }: CoinsCommandOptions,
): Promise<CommandOutcome> {
  const report = await withCliApp(config, (app) => {
    const tell = progress((looked: Readonly<Record<string, number>>) => describeCounts(looked));
    return app.get(ReconciliationService).reconcile({ onProgress: tell });
  });
  return {
    output: json ? `${JSON.stringify(toReconciliationJson(report))}\n` : describeReconciliation(report),
    exitCode: report.isClean ? 0 : 1,
  };
}

/** Runs `coins-verify`. @throws an error whose message is for the operator. */
export async function verifyCoins(
  config: LoadedConfig,
  { json, account }: CoinsCommandOptions,
): Promise<CommandOutcome> {
  const accountId = account === undefined ? undefined : idSchema.safeParse(account).data;
  if (account !== undefined && accountId === undefined) {
    throw new Error(`--account: write the id of a user.\n\n${COINS_VERIFY_HELP}`);
  }
  const report = await withCliApp(config, (app) => {
    const tell = progress(({ accounts, entries }: Readonly<VerificationReport>) =>
      describeCounts({ accounts, entries }),
    );
    return app.get(ChainVerifier).verify({ accountId, onProgress: tell });
  });
  return {
    output: json ? `${JSON.stringify(toVerificationJson(report))}\n` : describeVerification(report),
    exitCode: report.faultCount === 0 ? 0 : 1,
  };
}

const PROGRESS_INTERVAL_MS = 1_000;

/** Writes a line of progress to standard error, once a second at the most. */
function progress<T>(describe: (state: T) => string): (state: T) => void {
  let lastMs = performance.now();
  return (state) => {
    if (performance.now() - lastMs < PROGRESS_INTERVAL_MS) return;
    lastMs = performance.now();
    process.stderr.write(`  … ${describe(state)}\n`);
  };
}

function describeCounts(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([what, count]) => `${count} ${what.replaceAll('_', ' ')}`)
    .join(', ');
}

function describeReconciliation({ isClean, looked, kinds }: ReconciliationReport): string {
  const lines = [`Looked at ${describeCounts(looked)}.`];
  if (isClean) lines.push('All agree.');
  for (const { kind, meaning, count, examples } of kinds.filter(({ count }) => count > 0)) {
    lines.push(`${kind}: ${count}. ${meaning}`);
    for (const { accountId, subject, detail } of examples)
      lines.push(`  account ${accountId}, ${subject}: ${detail}`);
    if (count > examples.length) lines.push(`  and ${count - examples.length} more`);
  }
  return `${lines.join('\n')}\n`;
}

function describeVerification({ accounts, entries, faultCount, faults }: VerificationReport): string {
  const lines = [`Read ${describeCounts({ accounts, entries })}.`];
  if (faultCount === 0) lines.push('Every chain is whole.');
  for (const { accountId, kind, detail } of faults) lines.push(`${kind}: account ${accountId}, ${detail}`);
  if (faultCount > faults.length) lines.push(`and ${faultCount - faults.length} more`);
  return `${lines.join('\n')}\n`;
}

function toReconciliationJson({ isClean, looked, kinds }: ReconciliationReport) {
  return {
    is_clean: isClean,
    looked_at: looked,
    disagreements: kinds.map(({ examples, ...kind }) => ({
      ...kind,
      examples: examples.map(({ accountId, ...example }) => ({ account_id: accountId, ...example })),
    })),
  };
}

function toVerificationJson({ accounts, entries, faultCount, faults }: VerificationReport) {
  return {
    is_whole: faultCount === 0,
    looked_at: { accounts, entries },
    fault_count: faultCount,
    faults: faults.map(({ accountId, ...fault }) => ({ account_id: accountId, ...fault })),
  };
}
