import { ChatClient } from '../chat/chat-client.ts';
import { runClosedLoop } from '../lib/closed-loop.ts';
import { type CpuCosts, watchCpu } from '../lib/cpu-costs.ts';
import { preparedRequests } from '../logs/bench-lines.ts';
import { measureLoad } from '../logs/load.ts';
import type { Variant } from './variant.ts';

export interface Times {
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/** What one measurement gave. */
export interface LoadResult {
  readonly perSecond: number;
  /** Processor time of the product's processes for one turn or line, until it was stored, in microseconds. */
  readonly cpuUs: number;
  /** What was answered otherwise than with success. */
  readonly failed: number;
  /** Answered with success and not stored in the end. */
  readonly lost: number;
}

const STREAMS = 16;
/** A model that answers as fast as it is read: what is measured is all ours. */
const MODEL = 'local:tokens=20';
const MESSAGE =
  'The gate of the lower lock no longer closes well when the river is high. What should I look at?';
const LINES_A_REQUEST = 100;
const LOG_CONNECTIONS = 8;

/** Has turns taken, and saved, on one variant. What was stored before is known from round to round. */
export class LoadMeter {
  private turns = 0;
  private lines = 0;
  readonly variant: Variant;

  constructor(variant: Variant) {
    this.variant = variant;
  }

  async measureTurns({ seconds, warmUpSeconds }: Times): Promise<LoadResult> {
    const { users, url, servers, roles } = this.variant;
    const client = new ChatClient(url, STREAMS);
    let answered = 0;
    const call = async (caller: number) => {
      await client.takeTurn({
        apiKey: users[caller % users.length]?.apiKey ?? '',
        model: MODEL,
        text: MESSAGE,
        conversationId: undefined,
      });
      answered++;
    };
    const cpu = watchCpu(servers, roles);
    const load = await runClosedLoop({ callers: STREAMS, warmUpSeconds, seconds, call });
    await client.close();
    this.turns += answered;
    const saved = await this.variant.awaitTurns(this.turns);
    return {
      perSecond: load.perSecond,
      cpuUs: ownMs(cpu()) * (1_000 / answered),
      failed: [...load.errors.values()].reduce((sum, times) => sum + times, 0),
      lost: this.turns - saved,
    };
  }

  async measureLines({ seconds, warmUpSeconds }: Times): Promise<LoadResult> {
    const { url, servers, roles, operatorKey } = this.variant;
    const cpu = watchCpu(servers, roles);
    const { perSecond, answered, refused } = await measureLoad(servers, roles, {
      urls: [url],
      requests: preparedRequests(LINES_A_REQUEST, operatorKey),
      connections: LOG_CONNECTIONS,
      seconds,
      warmUpSeconds,
    });
    const lines = answered * LINES_A_REQUEST;
    this.lines += lines;
    const stored = await this.variant.awaitLines(this.lines);
    return {
      perSecond: perSecond * LINES_A_REQUEST,
      cpuUs: ownMs(cpu()) * (1_000 / lines),
      failed: refused,
      lost: this.lines - stored,
    };
  }
}

/** Without the servers': the other variant's processes are asking them things all the while. */
function ownMs(costs: CpuCosts): number {
  return (costs['api'] ?? Number.NaN) + (costs['worker'] ?? Number.NaN);
}
