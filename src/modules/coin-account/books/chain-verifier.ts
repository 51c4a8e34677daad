import { Injectable } from '@nestjs/common';
import { type ChainFault, type ChainHead, ChainWalk } from '../domain/chain.js';
import { ChainRepository, type EntryPlace } from './chain.repository.js';

/** What a verification found, and how much it read. */
export interface VerificationReport {
  accounts: number;
  entries: number;
  faultCount: number;
  /** The first of them. */
  faults: ChainFault[];
}

const ACCOUNTS_A_BATCH = 500;
const ENTRIES_A_BATCH = 1_000;
const MAX_FAULTS_SHOWN = 100;
/** Ids are lower-case hexadecimal: this is above all of them. */
const ABOVE_ALL_IDS = 'g';

/** Follows the chains of hashes through the journal and finds entries that were altered, removed or moved. */
@Injectable()
export class ChainVerifier {
  constructor(private readonly repository: ChainRepository) {}

  /**
   * Reads every entry of all accounts, or of one, and changes nothing. The service may work meanwhile. In memory
   * it keeps a batch.
   */
  async verify({
    accountId,
    onProgress,
  }: {
    accountId?: string | undefined;
    onProgress?: (report: Readonly<VerificationReport>) => void;
  } = {}): Promise<VerificationReport> {
    const report: VerificationReport = { accounts: 0, entries: 0, faultCount: 0, faults: [] };
    const tell = () => onProgress?.(report);
    if (accountId !== undefined) {
      const head = await this.repository.findHead(accountId);
      const heads = new Map(head ? [[accountId, head]] : []);
      await this.verifyRange({ accountId, sequence: 0 }, accountId, heads, report, tell);
      return report;
    }
    for (let after = '', isLast = false; !isLast;) {
      const heads = await this.repository.findHeads(after, ACCOUNTS_A_BATCH);
      isLast = heads.size < ACCOUNTS_A_BATCH;
      const upTo = isLast ? ABOVE_ALL_IDS : ([...heads.keys()].at(-1) ?? ABOVE_ALL_IDS);
      // No entry of `after` is left: its sequences are below this.
      const start = { accountId: after, sequence: Number.MAX_SAFE_INTEGER };
      await this.verifyRange(start, upTo, heads, report, tell);
      after = upTo;
    }
    return report;
  }

  /** Verifies the accounts whose heads are given, and those that have entries in the range but no head. */
  private async verifyRange(
    start: EntryPlace,
    upTo: string,
    heads: Map<string, ChainHead>,
    report: VerificationReport,
    tell: () => void,
  ): Promise<void> {
    const begin = (accountId: string) => {
      const walk = new ChainWalk(accountId, heads.get(accountId), (fault) => note(report, fault));
      heads.delete(accountId);
      report.accounts++;
      return walk;
    };
    let walk: ChainWalk | undefined;
    for (let place = start, isLast = false; !isLast;) {
      const entries = await this.repository.findEntries(place, upTo, ENTRIES_A_BATCH);
      for (const entry of entries) {
        if (walk?.accountId !== entry.accountId) {
          if (walk) await this.end(walk);
          walk = begin(entry.accountId);
        }
        walk.take(entry);
      }
      report.entries += entries.length;
      tell();
      isLast = entries.length < ENTRIES_A_BATCH;
      place = entries.at(-1) ?? place;
    }
    if (walk) await this.end(walk);
    for (const accountId of heads.keys()) begin(accountId).end();
  }

  private async end(walk: ChainWalk): Promise<void> {
    walk.end();
    if (walk.hasNewer) walk.endNewer(await this.repository.findHead(walk.accountId));
  }
}

function note(report: VerificationReport, fault: ChainFault): void {
  report.faultCount++;
  if (report.faults.length < MAX_FAULTS_SHOWN) report.faults.push(fault);
}
