import { createConnection } from 'mysql2/promise';
import type { Transactions } from '../../src/platform/database/index.js';
import { embedding } from '../fakes/embeddings.js';
import { readingGraph } from '../fakes/graph-model.js';
import { FakeUpstream, type UpstreamCall } from '../fakes/openai-upstream.js';
import { S3Service } from '../fakes/s3-service.js';
import { waitUntil } from './wait.js';

/** More than are stored at once (50), and than are embedded at once (64). */
export const CHUNKS = 80;
/** As many as the fake is asked about at once. */
export const EMBEDDED_AT_ONCE = 64;
export const READ_AT_ONCE = 6;

const MODELS = [{ id: 'reader', input_price: '0', output_price: '0', max_output_tokens: 2000 }];

/** A document of `CHUNKS` chunks; each has this word, and says of its own that somebody knows somebody. */
export function documentOf(marker: string): string {
  const sections = Array.from(
    { length: CHUNKS },
    (_, n) =>
      `## Part ${n}\n\nAda knows Bob${n}. ${`Of ${marker} there is much to say in part ${n}, and it is said here. `.repeat(9)}\n`,
  );
  return sections.join('\n');
}

/** A moment in which the processing of a file stands still until it is released. */
export interface Trap {
  /** Resolves once the processing stands still there. */
  readonly sprung: Promise<unknown>;
  release(): Promise<void>;
}

/** What a trap is set for: a file that is known to the search, and that nothing works on yet. */
export interface TrapPlace {
  readonly fileId: string;
  readonly databaseUrl: string;
  readonly database: Transactions;
}

/** The services that the processing of files needs, which can be held in the middle of any step. */
export class IngestionServices {
  /** The texts that were to be embedded, and that were read for the graph, in the order in which they were asked for. */
  readonly embedded: string[] = [];
  readonly read: string[] = [];

  private constructor(
    readonly upstream: FakeUpstream,
    readonly storage: S3Service,
  ) {}

  static async start(): Promise<IngestionServices> {
    const services = new IngestionServices(await FakeUpstream.start(), await S3Service.start());
    services.answer();
    return services;
  }

  get settings(): Record<string, string> {
    return {
      ...this.storage.settings,
      LOCKKEEPER_EMBEDDINGS_URL: this.upstream.url,
      LOCKKEEPER_UPSTREAM_URL: this.upstream.url,
      LOCKKEEPER_UPSTREAM_ATTEMPTS: '1',
      LOCKKEEPER_MODELS: JSON.stringify(MODELS),
      LOCKKEEPER_GRAPH_EXTRACTOR: 'model',
      LOCKKEEPER_GRAPH_MODEL: 'reader',
    };
  }

  /** Answers everything; `embed` and `readGraph` may do something else first, or instead if they return true. */
  answer({ embed, readGraph }: { embed?: Interception; readGraph?: Interception } = {}): void {
    this.embedded.length = 0;
    this.read.length = 0;
    let embedCalls = 0;
    let readCalls = 0;
    this.upstream.follow(async (call) => {
      const isEmbedding = call.path.endsWith('/embeddings');
      if (isEmbedding) this.embedded.push(...(call.body['input'] as string[]));
      else this.read.push((call.body['messages'] as { content: string }[])[1]?.content ?? '');
      const isDone = isEmbedding ? await embed?.(call, ++embedCalls) : await readGraph?.(call, ++readCalls);
      if (isDone !== true) await (isEmbedding ? embedding : readingGraph)(call);
    });
  }

  async close(): Promise<void> {
    await this.upstream.close();
    await this.storage.close();
  }
}

/** @returns true if the call has been answered. */
export type Interception = (call: UpstreamCall, number: number) => Promise<boolean | void>;

/** The steps of the processing, each with a trap in the middle of it. */
export const traps: Record<string, (services: IngestionServices, place: TrapPlace) => Promise<Trap>> = {
  'the document is read': async ({ storage }) => {
    const { gate, open } = gateOf();
    const sprung = new Promise<void>((resolve) => {
      storage.midRead = async () => {
        resolve();
        await gate;
      };
    });
    const release = async () => {
      storage.midRead = undefined;
      open();
    };
    return { sprung, release };
  },
  'chunks are stored': async (_services, place) => {
    const connection = await createConnection(place.databaseUrl);
    let isReleased = false;
    const rollBack = () => connection.rollback();
    // Whoever stores chunks holds the file, for each transaction anew: in between it is held here, and kept.
    const holdBetween = async (): Promise<boolean> => {
      await connection.beginTransaction();
      await connection.query('SELECT file_no FROM knowledge_files WHERE file_id = ? FOR UPDATE', [
        place.fileId,
      ]);
      const stored = await chunksOf(place);
      if (isReleased || (stored > 0 && stored < CHUNKS)) return true;
      await rollBack();
      return false;
    };
    const sprung = waitUntil('some chunks are stored', holdBetween, 60_000);
    const release = async () => {
      isReleased = true;
      await sprung;
      await rollBack();
      await connection.end();
    };
    return { sprung, release };
  },
  'chunks are embedded': async (services) => {
    const { gate, open } = gateOf();
    const sprung = new Promise<void>((resolve) => {
      services.answer({
        embed: async (_call, number) => {
          if (number !== 2) return;
          resolve();
          await gate;
        },
      });
    });
    return { sprung, release: async () => open() };
  },
  'vectors are stored': async (services, place) => {
    const connection = await createConnection(place.databaseUrl);
    const sprung = new Promise<void>((resolve) => {
      services.answer({
        embed: async (call, number) => {
          if (number !== 2) return;
          await connection.beginTransaction();
          await connection.query(
            `SELECT version FROM knowledge_owners
             WHERE owner_no = (SELECT owner_no FROM knowledge_files WHERE file_id = ?) FOR UPDATE`,
            [place.fileId],
          );
          await embedding(call);
          resolve();
          return true;
        },
      });
    });
    const release = async () => {
      await connection.rollback();
      await connection.end();
    };
    return { sprung, release };
  },
  'the graph is read': async (services) => {
    const { gate, open } = gateOf();
    const sprung = new Promise<void>((resolve) => {
      services.answer({
        readGraph: async (_call, number) => {
          if (number !== 3) return;
          resolve();
          await gate;
        },
      });
    });
    return { sprung, release: async () => open() };
  },
};

function gateOf(): { gate: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { gate: promise, open: resolve };
}

async function chunksOf({ database, fileId }: TrapPlace): Promise<number> {
  const [row]: { count: string }[] = await database.single.query(
    'SELECT COUNT(*) AS count FROM knowledge_chunks JOIN knowledge_files USING (file_no) WHERE file_id = ?',
    [fileId],
  );
  return Number(row?.count);
}
