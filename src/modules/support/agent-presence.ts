import { Injectable } from '@nestjs/common';
import { Clock } from '../../shared/clock.js';
import { AgentRepository } from './agent.repository.js';

/** What is written down at most so often; shorter than any agent may be away. */
const NOTED_FOR_MS = 2_000;
const MAX_AGENTS = 10_000;

/** Remembers that agents are there: whoever calls, or has a connection. */
@Injectable()
export class AgentPresence {
  private readonly notedAtMs = new Map<string, number>();

  constructor(
    private readonly agents: AgentRepository,
    private readonly clock: Clock,
  ) {}

  async note(userId: string): Promise<void> {
    const nowMs = this.clock.nowMs();
    const notedMs = this.notedAtMs.get(userId);
    if (notedMs !== undefined && Math.abs(nowMs - notedMs) < NOTED_FOR_MS) return;
    await this.agents.noteSeen(userId);
    this.notedAtMs.delete(userId);
    this.notedAtMs.set(userId, nowMs);
    const [oldest] = this.notedAtMs.keys();
    if (this.notedAtMs.size > MAX_AGENTS && oldest !== undefined) this.notedAtMs.delete(oldest);
  }
}
