import type { CommandOutcome } from './coins.command.js';
import {
  type AccountingVerdict,
  LogAccounting,
  LogRetention,
  type RetentionReport,
} from './modules/logs/index.js';
import type { LoadedConfig } from './platform/config/index.js';
import { withCliApp } from './with-cli-app.js';

export const LOGS_ACCOUNTING_HELP = `Usage: lockkeeper logs-accounting [--json] [--write-off]

Compares what was accepted with what is stored, in quarantine, discarded or waiting, and counts the tables to see
whether the sums are right. Changes nothing; the service may run meanwhile.

  --json        print the verdict as JSON
  --write-off   accept that lines are gone, or are stored without a trace in Redis, because Redis lost its data; only
                while nothing waits to be stored. Tells how many, and then compares.

Exit code 0 if all agree, 1 if not.
`;

export const LOGS_RETENTION_HELP = `Usage: lockkeeper logs-retention [--dry-run] [--json]

Makes the partitions of the days ahead, and drops the logs that are older than LOCKKEEPER_LOGS_RETENTION_DAYS. The
workers do the same by themselves.

  --dry-run   only tell what would be made and dropped
  --json      print the report as JSON

Exit code 0; 1 if another process is at it.
`;

export interface LogsCommandOptions {
  json?: boolean | undefined;
  'dry-run'?: boolean | undefined;
  'write-off'?: boolean | undefined;
}

/** Runs `logs-accounting`. @throws an error whose message is for the operator. */
export async function checkLogs(config: LoadedConfig, options: LogsCommandOptions): Promise<CommandOutcome> {
  const { json } = options;
  const verdict = await withCliApp(config, async (app) => {
    const accounting = app.get(LogAccounting);
    if (options['write-off']) await writeOff(accounting);
    return accounting.check();
  });
  return {
    output: json ? `${JSON.stringify(toVerdictJson(verdict))}\n` : describeVerdict(verdict),
    exitCode: verdict.agrees ? 0 : 1,
  };
}

/** Runs `logs-retention`. @throws an error whose message is for the operator. */
export async function retainLogs(config: LoadedConfig, options: LogsCommandOptions): Promise<CommandOutcome> {
  const isDryRun = options['dry-run'] === true;
  const report = await withCliApp(config, (app) => app.get(LogRetention).apply({ isDryRun }));
  if (!report) return { output: 'Another process is at it.\n', exitCode: 1 };
  return {
    output: options.json
      ? `${JSON.stringify(toRetentionJson(report))}\n`
      : describeRetention(report, isDryRun),
    exitCode: 0,
  };
}

async function writeOff(accounting: LogAccounting): Promise<void> {
  const lines = await accounting.writeOff();
  if (lines === undefined) {
    throw new Error('Logs wait to be stored, or keep coming. Stop what sends them, wait, and try again.');
  }
  process.stderr.write(`Written off: ${lines} lines.\n`);
}

function describeVerdict({ report, checks, agrees }: AccountingVerdict): string {
  const lines = [
    `Accepted ${report.acceptedLines} lines: ${report.storedLines} stored, ${report.quarantinedLines} in quarantine, ` +
      `${report.discardedLines} discarded, ${report.pendingLines} pending.`,
  ];
  if (report.differenceLines !== 0 && !report.isClosed)
    lines.push(`accounting: ${report.differenceLines} lines differ.`);
  if (report.missingEntries > 0) {
    lines.push(`logs:stream: ${report.missingEntries} entries are missing that were never stored.`);
  }
  for (const { name, expected, found } of checks) {
    if (expected !== found) lines.push(`${name}: ${found}, the sums say ${expected}.`);
  }
  if (agrees) lines.push('All agree.');
  return `${lines.join('\n')}\n`;
}

function toVerdictJson({ report, checks, agrees }: AccountingVerdict) {
  return {
    agrees,
    accepted_lines: report.acceptedLines,
    stored_lines: report.storedLines,
    quarantined_lines: report.quarantinedLines,
    discarded_lines: report.discardedLines,
    pending_lines: report.pendingLines,
    difference_lines: report.differenceLines,
    dropped_lines: report.droppedLines,
    missing_entries: report.missingEntries,
    checks,
  };
}

function describeRetention(report: RetentionReport, isDryRun: boolean): string {
  const { made, dropped, forgottenRefusals, retentionDays } = report;
  const lines = [`Logs are kept for ${retentionDays} days.`];
  for (const { table, day } of made) lines.push(`${isDryRun ? 'would make' : 'made'} ${table} ${day}`);
  for (const { table, day, lines: count } of dropped) {
    lines.push(`${isDryRun ? 'would drop' : 'dropped'} ${table} ${day}: ${count} lines`);
  }
  if (forgottenRefusals > 0) {
    lines.push(
      `${isDryRun ? 'would forget' : 'forgot'} ${forgottenRefusals} discarded rows of the quarantine`,
    );
  }
  if (lines.length === 1) lines.push('There is nothing to do.');
  return `${lines.join('\n')}\n`;
}

function toRetentionJson({ retentionDays, made, dropped, forgottenRefusals }: RetentionReport) {
  return { retention_days: retentionDays, made, dropped, forgotten_refusals: forgottenRefusals };
}
