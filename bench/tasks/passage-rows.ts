import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Connection, createConnection, type ResultSetHeader } from 'mysql2/promise';
import type { KnowledgeServices } from './knowledge-services.ts';
import type { TaskInstallation } from './part.ts';
import type { PassageTexts } from './passage-texts.ts';

/** The chunks of one owner, as they are in the database. */
export interface FilledOwner {
  ownerNo: string;
  firstChunkNo: number;
  count: number;
  /** A fiftieth of the files. */
  collectionId: string;
  /** All vectors, one after the other, as they were made. */
  vectors: Float32Array;
}

const CHUNKS_A_FILE = 200;
const FILES_A_MEMBER = 50;
const CHUNKS_A_STATEMENT = 2_000;
const PIECE_BYTES = 256 * 1024;
const MAX_FREQUENCY = 255;
const CHUNK_BITS = 24;
const FREQUENCY_BITS = 8;
const VERSION = 1;
const WORDS_A_TOKEN = 4;

const LOADED = `FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n'`;
const CHUNKS_SQL =
  `LOAD DATA LOCAL INFILE 'rows' INTO TABLE knowledge_chunks CHARACTER SET utf8mb4 ${LOADED} ` +
  '(chunk_no, id, owner_no, file_no, generation, position, text, headings, place, tokens, @terms, embedder) ' +
  'SET terms = UNHEX(@terms)';
const VECTORS_SQL =
  `LOAD DATA LOCAL INFILE 'rows' INTO TABLE knowledge_vectors CHARACTER SET utf8mb4 ${LOADED} ` +
  '(owner_no, version, chunk_no, file_no, embedder, @vector) SET vector = UNHEX(@vector)';
const TERMS_SQL =
  `LOAD DATA LOCAL INFILE 'rows' INTO TABLE knowledge_terms ${LOADED} ` +
  '(owner_no, term, chunk_no, file_no, frequency)';

/**
 * Gives an owner so many chunks with their words and vectors, made by the product's own code and written in bulk. The
 * postings are written last, in the order of their key.
 */
export async function fillOwner(
  { database, environment }: TaskInstallation,
  knowledge: KnowledgeServices,
  texts: PassageTexts,
  owner: { id: string; count: number },
  report: (line: string) => void,
): Promise<FilledOwner> {
  const { count } = owner;
  const places = await createFiles(database, owner.id, count);
  const filled: FilledOwner = {
    ...places,
    count,
    vectors: new Float32Array(count * knowledge.dimensions),
  };
  const postings = new Postings();
  const connections = await Promise.all(
    [0, 1].map(() => createConnection({ uri: environment['LOCKKEEPER_DATABASE_URL'] ?? '', timezone: 'Z' })),
  );
  // On a busy machine the next rows are long in the making, while those before are being sent.
  await Promise.all(connections.map((connection) => connection.query('SET net_read_timeout = 3600')));
  const [forChunks, forVectors] = connections as [Connection, Connection];
  let writing: Promise<unknown> = Promise.resolve();
  for (let start = 0; start < count; start += CHUNKS_A_STATEMENT) {
    const end = Math.min(count, start + CHUNKS_A_STATEMENT);
    const rows = makeRows({ filled, places, knowledge, texts, postings }, start, end);
    await writing;
    writing = Promise.all([
      load(forChunks, CHUNKS_SQL, [rows.chunks]),
      load(forVectors, VECTORS_SQL, [rows.vectors]),
    ]);
    if (start % (CHUNKS_A_STATEMENT * 20) === 0) report(`Search: ${start} of ${count} chunks written`);
  }
  await writing;
  report(`Search: writing ${postings.count} postings`);
  await load(forChunks, TERMS_SQL, postings.rows(filled.ownerNo, places));
  await Promise.all(connections.map((connection) => connection.end()));
  return filled;
}

interface Places {
  ownerNo: string;
  firstFileNo: number;
  firstChunkNo: number;
  collectionId: string;
}

async function createFiles(database: Connection, ownerId: string, chunkCount: number): Promise<Places> {
  const [{ insertId }] = await database.query<ResultSetHeader>(
    'INSERT INTO knowledge_owners (owner_id, version) VALUES (?, ?)',
    [ownerId, VERSION],
  );
  const ownerNo = String(insertId);
  // Far from those of another owner.
  const firstFileNo = insertId * 1_000_000;
  const fileCount = Math.ceil(chunkCount / CHUNKS_A_FILE);
  const files = Array.from({ length: fileCount }, (_, index) => [
    firstFileNo + index,
    randomUUID(),
    ownerNo,
    1,
    1,
    Math.min(CHUNKS_A_FILE, chunkCount - index * CHUNKS_A_FILE),
  ]);
  await database.query(
    'INSERT INTO knowledge_files (file_no, file_id, owner_no, generation, last_generation, chunk_count) VALUES ?',
    [files],
  );
  const collectionId = randomUUID();
  const members = files.filter((_, index) => index % FILES_A_MEMBER === 0);
  await database.query(
    `INSERT INTO knowledge_collections (id, owner_id, name, file_count, created_at)
     VALUES (?, ?, 'A fiftieth', ?, UTC_TIMESTAMP(3))`,
    [collectionId, ownerId, members.length],
  );
  await database.query('INSERT INTO knowledge_memberships (collection_id, file_no) VALUES ?', [
    members.map(([fileNo]) => [collectionId, fileNo]),
  ]);
  return { ownerNo, firstFileNo, firstChunkNo: insertId * 10_000_000, collectionId };
}

interface Making {
  filled: FilledOwner;
  places: Places;
  knowledge: KnowledgeServices;
  texts: PassageTexts;
  postings: Postings;
}

function makeRows(
  { filled, places, knowledge, texts, postings }: Making,
  start: number,
  end: number,
): { chunks: Buffer; vectors: Buffer } {
  const chunks: string[] = [];
  const vectors: string[] = [];
  const { ownerNo } = places;
  for (let index = start; index < end; index++) {
    const text = texts.passage(index);
    const chunkNo = places.firstChunkNo + index;
    const fileNo = fileOf(places, index);
    const position = index % CHUNKS_A_FILE;
    const terms = knowledge.termCountsOf(text);
    postings.add(index, terms);
    const place = JSON.stringify({ start: position * text.length, end: (position + 1) * text.length });
    const tokens = Math.ceil(text.length / WORDS_A_TOKEN);
    chunks.push(
      `${chunkNo}\t${randomUUID()}\t${ownerNo}\t${fileNo}\t1\t${position}\t${escaped(text)}\t[]\t${place}\t${tokens}\t` +
        `${Buffer.from(Uint32Array.from(terms.keys()).buffer).toString('hex')}\t${knowledge.embedder}\n`,
    );
    const vector = knowledge.embed(text);
    filled.vectors.set(vector, index * knowledge.dimensions);
    const hex = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('hex');
    vectors.push(`${ownerNo}\t${VERSION}\t${chunkNo}\t${fileNo}\t${knowledge.embedder}\t${hex}\n`);
  }
  return { chunks: Buffer.from(chunks.join('')), vectors: Buffer.from(vectors.join('')) };
}

function fileOf({ firstFileNo }: Places, index: number): number {
  return firstFileNo + Math.floor(index / CHUNKS_A_FILE);
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\');
}

async function load(connection: Connection, sql: string, pieces: Iterable<Buffer>): Promise<void> {
  await connection.query({ sql, infileStreamFactory: () => Readable.from(smaller(pieces)) });
}

function* smaller(pieces: Iterable<Buffer>): Generator<Buffer> {
  for (const piece of pieces) {
    for (let start = 0; start < piece.length; start += PIECE_BYTES) {
      yield piece.subarray(start, start + PIECE_BYTES);
    }
  }
}

/** Postings as numbers: the term in the upper half, then the chunk and how often it has it. */
class Postings {
  private keys = new BigUint64Array(1 << 20);
  private halves = new Uint32Array(this.keys.buffer);
  count = 0;

  add(chunk: number, terms: ReadonlyMap<number, number>): void {
    if (chunk >= 2 ** CHUNK_BITS) throw new Error('There are more chunks than fit.');
    for (const [term, frequency] of terms) {
      if (this.count === this.keys.length) this.grow();
      this.halves[this.count * 2] = ((chunk << FREQUENCY_BITS) | Math.min(frequency, MAX_FREQUENCY)) >>> 0;
      this.halves[this.count * 2 + 1] = term;
      this.count++;
    }
  }

  /** As text for LOAD DATA, in the order of the table's key. */
  *rows(ownerNo: string, places: Places): Generator<Buffer> {
    this.keys.subarray(0, this.count).sort();
    for (let start = 0; start < this.count; start += CHUNKS_A_STATEMENT) {
      const end = Math.min(this.count, start + CHUNKS_A_STATEMENT);
      let text = '';
      for (let index = start; index < end; index++) {
        const low = this.halves[index * 2] ?? 0;
        const chunk = low >>> FREQUENCY_BITS;
        const frequency = low & MAX_FREQUENCY;
        text += `${ownerNo}\t${this.halves[index * 2 + 1]}\t${places.firstChunkNo + chunk}\t${fileOf(places, chunk)}\t${frequency}\n`;
      }
      yield Buffer.from(text);
    }
  }

  private grow(): void {
    const larger = new BigUint64Array(this.keys.length * 2);
    larger.set(this.keys);
    this.keys = larger;
    this.halves = new Uint32Array(larger.buffer);
  }
}
