import { Injectable, type OnModuleInit } from '@nestjs/common';
import { formatCoins } from '../../../shared/money.js';
import { type BookCheck, BookChecks, type CheckContext } from './book-checks.js';
import { LedgerCheckRepository, listedKinds, type UnbalancedAccount } from './ledger-check.repository.js';

const ACCOUNTS_A_BATCH = 500;

/** The ledger compared with itself: accounts, journal and holds, some hundred accounts at a time. */
@Injectable()
export class LedgerCheck implements BookCheck, OnModuleInit {
  readonly kinds = {
    balance: 'The journal does not add up to the balance of the account.',
    frozen: 'The journal does not add up to what the account has frozen.',
    debt: 'The journal does not add up to the debt of the account.',
    sequence: 'The entries of the account are not as many as it counts, without gaps.',
    open_holds: 'The open holds do not add up to what the account has frozen.',
    blocked: 'The account is blocked and its journal does not say so, or the reverse.',
    account_missing: 'There are journal entries of an account that does not exist.',
    hold_opening: 'A hold has no entry that opened it, or one that says something else.',
    hold_ending: 'An ended hold has no entry that ended it, or one that says something else.',
    entry_without_hold: 'An entry opens or ends a hold that does not exist or names another entry.',
  };

  constructor(
    private readonly checks: BookChecks,
    private readonly repository: LedgerCheckRepository,
  ) {}

  onModuleInit(): void {
    this.checks.register(this);
  }

  async run(context: CheckContext): Promise<void> {
    for (let after = '', isLast = false; !isLast;) {
      context.signal.throwIfAborted();
      const next = await this.repository.nextRange(after, ACCOUNTS_A_BATCH);
      for (const account of await this.repository.findUnbalanced(next.range)) report(account, context);
      for (const kind of listedKinds) {
        const { count, examples } = await this.repository.find(kind, next.range, context.maxExamples);
        context.found(kind, examples, count);
      }
      context.looked('accounts', next.accounts);
      ({ isLast } = next);
      after = next.range.upTo;
    }
  }
}

function report(account: UnbalancedAccount, context: CheckContext): void {
  const found = (kind: keyof LedgerCheck['kinds'], detail: string) =>
    context.found(kind, [{ accountId: account.id, subject: 'account', detail }]);
  const { journal } = account;
  for (const field of ['balance', 'frozen', 'debt'] as const) {
    if (account[field] !== journal[field]) {
      found(field, `${coins(account[field])}, the journal adds up to ${coins(journal[field])}`);
    }
  }
  if (account.lastSequence !== journal.entries || account.lastSequence !== journal.lastSequence) {
    const { entries, lastSequence } = journal;
    found('sequence', `counts ${account.lastSequence} entries, there are ${entries} up to ${lastSequence}`);
  }
  if (account.frozen !== account.held) {
    found('open_holds', `has ${coins(account.frozen)} frozen, open holds have ${coins(account.held)}`);
  }
  if (account.isBlocked !== account.wasBlocked) {
    found('blocked', `is ${account.isBlocked ? '' : 'not '}blocked, the journal says otherwise`);
  }
}

function coins(microCoins: string): string {
  return formatCoins(BigInt(microCoins));
}
