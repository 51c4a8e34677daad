import { Injectable, Logger } from '@nestjs/common';
import { findLikenesses, parseQuery } from '../../../shared/search/search-query.js';
import { snippetOf } from '../../../shared/search/snippet.js';
import { splitWords } from '../../../shared/words.js';
import { EmbeddingsService, providerErrors } from '../../provider/index.js';
import { CollectionService } from '../collections/collection.service.js';
import { MembershipRepository } from '../collections/membership.repository.js';
import { fuseRankings } from '../domain/rank-fusion.js';
import { ChunkRepository, type FoundChunk } from '../files/chunk.repository.js';
import { KnowledgeFileRepository } from '../files/knowledge-file.repository.js';
import { VectorFollower } from '../vectors/vector-follower.js';
import { type WeightedTerm, WordSearchRepository } from './word-search.repository.js';

/** What is looked for, and where: in all the owner has, or in what is in these collections and of these files. */
export interface PassageQuery {
  readonly query: string;
  readonly collectionIds?: readonly string[] | undefined;
  readonly fileIds?: readonly string[] | undefined;
  readonly limit: number;
}

/** A chunk that was found. */
export interface Passage {
  readonly chunk: FoundChunk;
  /** HTML. */
  readonly snippet: string;
  /** The sum of 1 / (60 + rank) over the rankings that have it; says nothing across queries. */
  readonly score: number;
}

export interface PassageResult {
  readonly passages: Passage[];
  /** False if the embedder is away, and the words alone decided. */
  readonly isHybrid: boolean;
  /** How many of the files looked into are found by their words alone, since not all of them is embedded (anew). */
  readonly filesWithoutVectors: number;
}

const NOTHING: PassageResult = { passages: [], isHybrid: true, filesWithoutVectors: 0 };
/** Each ranking has so many for each that is wanted, as some fall out when they are read. */
const CANDIDATES_A_PASSAGE = 4;
const MIN_CANDIDATES = 50;
/** How many terms of a query are counted, and how many of these, the rarest, are ranked by. */
const MAX_COUNTED_TERMS = 32;
const MAX_RANKED_TERMS = 8;
const MIN_RANKED_TERMS = 2;
const MAX_RANKED_POSTINGS = 3_000;
const COUNT_LIMIT = 2_000;

/** Finds passages in documents by their words and by their vectors at once. */
@Injectable()
export class PassageSearch {
  private readonly logger = new Logger('Knowledge');

  constructor(
    private readonly files: KnowledgeFileRepository,
    private readonly collections: CollectionService,
    private readonly memberships: MembershipRepository,
    private readonly words: WordSearchRepository,
    private readonly vectors: VectorFollower,
    private readonly chunks: ChunkRepository,
    private readonly embeddings: EmbeddingsService,
  ) {}

  /**
   * The passages of the owner's files that answer `query` best, the best first. Files that are not his have none.
   * @throws collection_not_found if one of the collections is not the owner's
   */
  async search(ownerId: string, wanted: PassageQuery, signal: AbortSignal): Promise<PassageResult> {
    const { query, collectionIds, fileIds, limit } = wanted;
    if (collectionIds) await this.collections.check(ownerId, collectionIds);
    const owner = await this.files.findOwner(ownerId);
    if (!owner) return NOTHING;
    const { ownerNo } = owner;
    const fileNos = await this.filesOf(ownerNo, collectionIds, fileIds);
    if (fileNos?.size === 0) return NOTHING;
    const count = Math.max(MIN_CANDIDATES, limit * CANDIDATES_A_PASSAGE);
    const [byWords, byVectors, unembedded] = await Promise.all([
      this.rankByWords(ownerNo, query, fileNos, count),
      this.rankByVectors(ownerNo, query, fileNos, count, signal),
      this.files.findUnembedded(ownerNo, this.embeddings.embedder),
    ]);
    const fused = fuseRankings([byWords, byVectors ?? []]);
    const passages = await this.readPassages(ownerNo, query, fused, limit);
    const lacking = [...unembedded].filter((fileNo) => fileNos?.has(fileNo) ?? true);
    return { passages, isHybrid: byVectors !== undefined, filesWithoutVectors: lacking.length };
  }

  /** The first `limit` that can still be found. */
  private async readPassages(
    ownerNo: string,
    query: string,
    ranked: readonly { item: number; score: number }[],
    limit: number,
  ): Promise<Passage[]> {
    const passages: Passage[] = [];
    for (let start = 0; start < ranked.length && passages.length < limit; start += limit) {
      const batch = ranked.slice(start, start + limit);
      const found = await this.chunks.findLive(
        ownerNo,
        batch.map(({ item }) => item),
      );
      for (const { item, score } of batch) {
        const chunk = found.get(item);
        if (chunk) passages.push({ chunk, snippet: snippetFor(query, chunk), score });
      }
    }
    return passages.slice(0, limit);
  }

  /** Undefined for all files. */
  private async filesOf(
    ownerNo: string,
    collectionIds: readonly string[] | undefined,
    fileIds: readonly string[] | undefined,
  ): Promise<Set<number> | undefined> {
    const ofCollections = collectionIds && (await this.memberships.listFileNos(collectionIds));
    const named = fileIds && (await this.files.findNumbers(ownerNo, fileIds));
    if (!ofCollections || !named) return ofCollections ?? named;
    return new Set([...named].filter((fileNo) => ofCollections.has(fileNo)));
  }

  private async rankByWords(
    ownerNo: string,
    query: string,
    fileNos: ReadonlySet<number> | undefined,
    count: number,
  ): Promise<number[]> {
    const terms = parseQuery(query).terms.slice(0, MAX_COUNTED_TERMS);
    const counts = await this.words.countChunks(ownerNo, terms, COUNT_LIMIT);
    const weighted = rarestOf(terms.map((term, index) => ({ term, count: counts[index] ?? 0 })));
    return this.words.rank(ownerNo, weighted, fileNos, count);
  }

  /** Undefined if the embedder is away. */
  private async rankByVectors(
    ownerNo: string,
    query: string,
    fileNos: ReadonlySet<number> | undefined,
    count: number,
    signal: AbortSignal,
  ): Promise<number[] | undefined> {
    try {
      const [vector] = await this.embeddings.embed([query], signal);
      if (!vector) return [];
      const hits = await this.vectors.search(ownerNo, vector, { fileNos, limit: count });
      return hits.map(({ chunkNo }) => chunkNo);
    } catch (error) {
      signal.throwIfAborted();
      if (!providerErrors.some((definition) => definition.is(error))) throw error;
      this.logger.warn('a search goes on without vectors', { reason: String(error) });
      return undefined;
    }
  }
}

/**
 * The rarest of the terms that there are, with their weights: the rarer, the more a term says. So many that together
 * they have few enough postings, but for the first two.
 */
function rarestOf(terms: readonly { term: number; count: number }[]): WeightedTerm[] {
  const present = terms.filter(({ count }) => count > 0).sort((a, b) => a.count - b.count);
  let postings = 0;
  return present
    .filter(({ count }, index) => {
      postings += count;
      return index < MIN_RANKED_TERMS || (index < MAX_RANKED_TERMS && postings <= MAX_RANKED_POSTINGS);
    })
    .map(({ term, count }) => ({ term, weight: Math.log(1 + COUNT_LIMIT / count) }));
}

function snippetFor(query: string, { text }: FoundChunk): string {
  return snippetOf(text, findLikenesses(parseQuery(query), splitWords(text)));
}
