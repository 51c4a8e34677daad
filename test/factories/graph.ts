import { randomUUID } from 'node:crypto';
import type { Type } from '@nestjs/common';
import { ErasureService } from '../../src/modules/conversation/index.js';
import { toExtraction } from '../../src/modules/graph/domain/extraction.js';
import type { GraphExtractor } from '../../src/modules/graph/extractors/graph-extractor.js';
import { GraphCharges } from '../../src/modules/graph/graph-charges.js';
import { GraphMetrics } from '../../src/modules/graph/graph-metrics.js';
import { GraphRunRepository } from '../../src/modules/graph/graph-run.repository.js';
import { GraphRepository } from '../../src/modules/graph/graph.repository.js';
import { type GraphProgress, GraphService, type SourceChunk } from '../../src/modules/graph/index.js';
import { Transactions } from '../../src/platform/database/index.js';
import type { TestApp } from './test-app.js';

/** A file as it is cut into chunks; the ids of the chunks are its own. */
export class TestGraphFile {
  readonly fileId = randomUUID();
  private readonly chunkIds: string[] = [];

  constructor(
    readonly ownerId: string,
    public texts: string[],
  ) {}

  /** The chunks with these texts. What is at a place of the file keeps its id. */
  chunks(): SourceChunk[] {
    return this.texts.map((text, at) => ({ chunkId: this.chunkId(at), text, language: null }));
  }

  chunkId(at: number): string {
    return (this.chunkIds[at] ??= randomUUID());
  }

  /** The chunks one after the other, and then this. */
  async *streamThen(end: () => void, count = this.texts.length): AsyncIterable<SourceChunk> {
    for (const chunk of this.chunks().slice(0, count)) yield await Promise.resolve(chunk);
    end();
  }
}

/** All that is kept of a graph, without the ids that owners and files have given. */
export interface GraphRows {
  files: number;
  chunks: string[];
  entities: unknown[][];
  tails: string[];
  aliases: unknown[][];
  relations: unknown[][];
  mentions: unknown[][];
  statements: unknown[][];
}

/** Reads lines such as `Ada>knows>Bob` as what they say of concepts, and `Ada` as a name. */
const lineExtractor: GraphExtractor = {
  name: 'lines',
  chunksABatch: 10,
  extract: async (chunks) =>
    chunks.map(({ text }) => {
      const spans = [...text.matchAll(/(?<=^|\n|[^>\n]>[^>\n]*>)[^>\n]+/gu)].map(({ 0: name, index }) => ({
        type: 'concept' as const,
        start: index,
        end: index + name.length,
      }));
      const labels = [...text.matchAll(/>([^>\n]*)>/gu)];
      const relations = labels.map(({ 1: label, index }) => ({
        from: spans.findIndex(({ end }) => end === index),
        to: spans.findIndex(({ start }) => start > index),
        label,
      }));
      return { state: 'read', extraction: toExtraction(text, { spans, relations }) };
    }),
};

/** The graphs of an installation: filled as a worker does, and looked at past the product. */
export class TestGraphs {
  readonly service: GraphService;
  readonly transactions: Transactions;

  constructor(readonly test: TestApp) {
    this.service = test.app.get(GraphService, { strict: false });
    this.transactions = test.app.get(Transactions);
  }

  /** Reads a file that a user has, from its first chunk to its last. */
  read(file: TestGraphFile): Promise<GraphProgress> {
    return this.service.replaceFile(
      file,
      file.streamThen(() => undefined),
      { signal: new AbortController().signal },
    );
  }

  /** A file with these chunks, read. */
  async fileOf(ownerId: string, ...texts: string[]): Promise<TestGraphFile> {
    const file = new TestGraphFile(ownerId, texts);
    await this.read(file);
    return file;
  }

  /** A file with these chunks, whose lines are `name>label>name` or names. */
  async lines(ownerId: string, ...texts: string[]): Promise<TestGraphFile> {
    const get = <T>(type: Type<T>): T => this.test.app.get(type, { strict: false });
    const service = new GraphService(
      get(GraphRunRepository),
      get(GraphRepository),
      get(GraphMetrics),
      get(GraphCharges),
      { extractor: 'rules', model: '', maxTokensAFile: 0 },
      lineExtractor,
      get(ErasureService),
    );
    const file = new TestGraphFile(ownerId, texts);
    await service.replaceFile(
      file,
      file.streamThen(() => undefined),
      { signal: new AbortController().signal },
    );
    return file;
  }

  /** What is kept of an owner; chunks by their place in one of the files. */
  async rowsOf(ownerId: string, files: readonly TestGraphFile[]): Promise<GraphRows> {
    const places = new Map(
      files.flatMap((file, at) =>
        Array.from({ length: 100 }, (_, n) => [file.chunkId(n), `${at}/${n}`] as const),
      ),
    );
    const ask = async (sql: string): Promise<unknown[][]> => {
      const rows: Record<string, unknown>[] = await this.transactions.single.query(sql, [ownerId]);
      const values = rows.map((row) => Object.values(row).map((value) => places.get(String(value)) ?? value));
      return values.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    };
    const chunks = '(SELECT chunk_id FROM graph_chunks JOIN graph_files USING (file_id) WHERE owner_id = ?)';
    const entity = (alias: string) => `CONCAT(${alias}.type, ' ', ${alias}.normalised_name)`;
    const ofEntities = 'JOIN graph_entities AS e ON e.id = x.entity_id WHERE e.owner_id = ?';
    const ends =
      'JOIN graph_entities AS f ON f.id = r.from_id JOIN graph_entities AS t ON t.id = r.to_id WHERE r.owner_id = ?';
    return {
      files: (await ask('SELECT file_id FROM graph_files WHERE owner_id = ?')).length,
      chunks: (await ask(chunks.slice(1, -1))).map(([id]) => String(id)),
      entities: await ask(
        'SELECT type, normalised_name, name, mention_count FROM graph_entities WHERE owner_id = ?',
      ),
      tails: (await ask('SELECT tail, type FROM graph_entity_tails WHERE owner_id = ?')).map((row) =>
        row.join(' '),
      ),
      aliases: await ask(
        `SELECT ${entity('e')} AS entity, x.surface, x.mention_count FROM graph_aliases AS x ${ofEntities}`,
      ),
      relations: await ask(
        `SELECT ${entity('f')} AS a, r.label, ${entity('t')} AS b, r.statement_count FROM graph_relations AS r ${ends}`,
      ),
      mentions: await ask(
        `SELECT x.chunk_id, x.position, ${entity('e')} AS entity, x.surface, x.start_offset, x.end_offset
           FROM graph_mentions AS x ${ofEntities}`,
      ),
      statements: await ask(
        `SELECT s.chunk_id, ${entity('f')} AS a, r.label, ${entity('t')} AS b FROM graph_statements AS s
           JOIN graph_relations AS r ON r.id = s.relation_id ${ends}`,
      ),
    };
  }

  /** How many rows the graph has in all, with those that nothing points to. */
  async countRows(): Promise<number> {
    const tables = [
      'files',
      'chunks',
      'entities',
      'entity_tails',
      'aliases',
      'relations',
      'mentions',
      'statements',
    ];
    const counts = tables.map((table) => `(SELECT COUNT(*) FROM graph_${table})`).join(' + ');
    const rows: { n: string }[] = await this.transactions.single.query(`SELECT ${counts} AS n`);
    return Number(rows[0]?.n);
  }
}
