import { Injectable, type OnModuleInit } from '@nestjs/common';
import { formatCoins } from '../../shared/money.js';
import { type BookCheck, BookChecks, type CheckContext, CoinHistoryService } from '../coin-account/index.js';
import { ConversationService, type SavedTurn } from '../conversation/index.js';
import { HOLD_PURPOSE } from './turn-accounting.js';

type Hold = NonNullable<ReturnType<Awaited<ReturnType<CoinHistoryService['findHolds']>>['get']>>;

const BATCH_SIZE = 1_000;
/** A turn is charged before it is saved; this is far longer than that takes while all is well. */
const SAVING_MS = 3_600_000;

/** The turns compared with their holds, and the reverse: what is charged is in a turn, at the price it says. */
@Injectable()
export class TurnCheck implements BookCheck, OnModuleInit {
  readonly kinds = {
    turn_without_hold: 'A saved turn has no hold of its owner.',
    turn_hold_open: 'A saved turn has a hold that has not ended.',
    turn_cost: 'A saved turn says another cost than its hold was settled for.',
    turn_penalty: 'A turn ended for its content and was not charged the penalty.',
    hold_without_turn: 'A hold was charged over an hour ago, and its turn is neither saved nor erased.',
  };

  constructor(
    private readonly checks: BookChecks,
    private readonly history: CoinHistoryService,
    private readonly conversations: ConversationService,
  ) {}

  onModuleInit(): void {
    this.checks.register(this);
  }

  async run(context: CheckContext): Promise<void> {
    await this.checkTurns(context);
    await this.checkHolds(context);
  }

  private async checkTurns(context: CheckContext): Promise<void> {
    for (let afterId = ''; ;) {
      context.signal.throwIfAborted();
      const turns = await this.conversations.listSavedTurns(afterId, BATCH_SIZE);
      const holds = await this.history.findHolds(turns.map((turn) => turn.id));
      const violations = turns.filter((turn) => turn.status === 'violation').map((turn) => turn.id);
      const penalized = await this.history.findPenalized(violations);
      for (const turn of turns) checkTurn(turn, holds.get(turn.id), penalized.has(turn.id), context);
      context.looked('turns', turns.length);
      if (turns.length < BATCH_SIZE) return;
      afterId = turns.at(-1)?.id ?? '';
    }
  }

  private async checkHolds(context: CheckContext): Promise<void> {
    for (let afterId = ''; ;) {
      context.signal.throwIfAborted();
      const request = { purpose: HOLD_PURPOSE, ageMs: SAVING_MS, afterId, limit: BATCH_SIZE };
      const holds = await this.history.findSpentHolds(request);
      const unknown = new Set(await this.conversations.findUnknownTurns(holds.map((hold) => hold.id)));
      const lost = holds.filter((hold) => unknown.has(hold.id));
      const examples = lost.slice(0, context.maxExamples).map((hold) => ({
        accountId: hold.accountId,
        subject: `hold ${hold.id}`,
        detail: 'was charged, and there is no turn of this id',
      }));
      context.found('hold_without_turn', examples, lost.length);
      context.looked('charged_holds', holds.length);
      if (holds.length < BATCH_SIZE) return;
      afterId = holds.at(-1)?.id ?? '';
    }
  }
}

function checkTurn(
  turn: SavedTurn,
  hold: Hold | undefined,
  isPenalized: boolean,
  context: CheckContext,
): void {
  const report = (kind: keyof TurnCheck['kinds'], detail: string) =>
    context.found(kind, [{ accountId: turn.ownerId, subject: `turn ${turn.id}`, detail }]);
  if (hold?.accountId !== turn.ownerId) return report('turn_without_hold', 'has no hold of its owner');
  if (hold.status === 'open') return report('turn_hold_open', 'is saved, its hold is open');
  const settled = hold.settledAmount ?? 0n;
  if (turn.cost !== settled) {
    report('turn_cost', `costs ${formatCoins(turn.cost)}, its hold was ended for ${formatCoins(settled)}`);
  }
  if (turn.status === 'violation' && hold.status !== 'settled' && !isPenalized) {
    report('turn_penalty', 'was stopped for its content, and no penalty was charged');
  }
}
