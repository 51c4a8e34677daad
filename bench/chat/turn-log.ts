import type { StreamedTurn } from './chat-client.ts';

/** Which turns the API answered to the end, in each conversation in the order in which they were taken. */
export class TurnLog {
  private readonly turnsOf = new Map<string, string[]>();
  private total = 0;

  add(turn: StreamedTurn): void {
    this.total++;
    const turns = this.turnsOf.get(turn.conversationId);
    if (turns) turns.push(turn.id);
    else this.turnsOf.set(turn.conversationId, [turn.id]);
  }

  get count(): number {
    return this.total;
  }

  /** By conversation. */
  entries(): Iterable<[string, readonly string[]]> {
    return this.turnsOf.entries();
  }
}
