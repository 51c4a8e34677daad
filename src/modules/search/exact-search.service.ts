import { Injectable } from '@nestjs/common';
import { splitWords } from '../../shared/words.js';
import { ConversationService, type OwnedMessage } from '../conversation/index.js';
import { ownerKeyOf } from './domain/message-place.js';
import { findHits, parseQuery, type SearchQuery } from '../../shared/search/search-query.js';
import { snippetOf } from '../../shared/search/snippet.js';
import { searchableText } from '../../shared/search/terms.js';
import { type Candidate, SearchRepository } from './search.repository.js';

/** A message that was found. */
export interface SearchHit {
  message: OwnedMessage;
  /** HTML. */
  snippet: string;
  /** How alike it is, up to 1; null if it was found by its words. */
  score: number | null;
}

export interface SearchPage {
  hits: SearchHit[];
  /** Where the next page begins: below this number. Null at the end. */
  next: bigint | null;
}

/** How many terms of a query are looked up in the index; the text decides about all of them. */
const MAX_COUNTED_TERMS = 24;
const MAX_JOINED_TERMS = 8;
const COUNT_LIMIT = 1_000;
/** What one request does at the most: postings it walks through, and messages it reads. */
const POSTINGS_A_STEP = 1_000;
const MAX_STEPS = 10;
const MESSAGES_A_READ = 40;
const MAX_MESSAGES_READ = 400;

interface Found extends SearchHit {
  messageNo: bigint;
}

/** One request: what it has found, how far it has come, and what it may still read. */
interface Walk {
  readonly found: Found[];
  readonly wanted: number;
  /** The number of the last message that was decided about. */
  position: bigint | undefined;
  readsLeft: number;
}

/** Finds messages by the words in them. */
@Injectable()
export class ExactSearch {
  constructor(
    private readonly repository: SearchRepository,
    private readonly conversations: ConversationService,
  ) {}

  /**
   * Messages of the owner that have all words of `typed`, the newest first, from below the number `before` on. The
   * work is bounded: a page may have fewer messages than `limit`, even none, and a next one.
   */
  async search(ownerId: string, typed: string, limit: number, before?: bigint): Promise<SearchPage> {
    const query = parseQuery(typed);
    const ownerKey = ownerKeyOf(ownerId);
    const [rarest, ...others] = await this.rarestTerms(ownerKey, query.terms);
    if (rarest === undefined) return { hits: [], next: null };
    // One more than the page holds tells whether there is a next one.
    const walk: Walk = { found: [], wanted: limit + 1, position: before, readsLeft: MAX_MESSAGES_READ };
    for (let step = 0; step < MAX_STEPS; step++) {
      const candidates = await this.repository.listCandidates(
        ownerKey,
        rarest,
        others,
        walk.position,
        POSTINGS_A_STEP,
      );
      const isDone = await this.check(ownerId, query, candidates, walk);
      if (walk.found.length === walk.wanted) return pageOf(walk.found, limit);
      if (!isDone) break;
      if (candidates.length < POSTINGS_A_STEP) return { hits: walk.found, next: null };
    }
    return { hits: walk.found, next: walk.position ?? null };
  }

  /** The terms to join by, the rarest first; none if there is one that no message has. */
  private async rarestTerms(ownerKey: bigint, terms: readonly number[]): Promise<number[]> {
    const counted = terms.slice(0, MAX_COUNTED_TERMS);
    if (counted.length === 0) return [];
    const counts = await this.repository.countMessages(ownerKey, counted, COUNT_LIMIT);
    if (counts.includes(0)) return [];
    return counted
      .map((term, index) => ({ term, count: counts[index] ?? 0 }))
      .sort((a, b) => a.count - b.count)
      .slice(0, MAX_JOINED_TERMS)
      .map(({ term }) => term);
  }

  /**
   * Reads the messages of candidates and keeps those that have the query in their text.
   * @returns false if it had to stop: enough was found, or no more may be read.
   */
  private async check(
    ownerId: string,
    query: SearchQuery,
    candidates: readonly Candidate[],
    walk: Walk,
  ): Promise<boolean> {
    const matches = candidates.filter(({ isMatch }) => isMatch).map(({ messageNo }) => messageNo);
    for (let start = 0; start < matches.length; start += MESSAGES_A_READ) {
      if (walk.readsLeft < MESSAGES_A_READ) return false;
      walk.readsLeft -= MESSAGES_A_READ;
      const batch = matches.slice(start, start + MESSAGES_A_READ);
      const messages = await this.readMessages(ownerId, batch);
      for (const messageNo of batch) {
        walk.position = messageNo;
        const message = messages.get(messageNo);
        if (!message) continue;
        const snippet = snippetFor(query, message);
        if (snippet !== undefined) walk.found.push({ message, snippet, score: null, messageNo });
        if (walk.found.length === walk.wanted) return false;
      }
    }
    walk.position = candidates.at(-1)?.messageNo ?? walk.position;
    return true;
  }

  private async readMessages(ownerId: string, messageNos: readonly bigint[]) {
    const ids = await this.repository.findMessageIds(ownerKeyOf(ownerId), messageNos);
    const messages = await this.conversations.readOwnedMessages(ownerId, [...ids.values()]);
    const byId = new Map(messages.map((message) => [message.id, message]));
    return new Map(messageNos.map((messageNo) => [messageNo, byId.get(ids.get(messageNo) ?? '')]));
  }
}

function pageOf(found: readonly Found[], limit: number): SearchPage {
  const hits = found.slice(0, limit);
  return { hits, next: hits.at(-1)?.messageNo ?? null };
}

/** Undefined if the text does not have the query. */
function snippetFor(query: SearchQuery, message: OwnedMessage): string | undefined {
  const text = searchableText(message.text);
  const hits = findHits(query, splitWords(text));
  return hits && snippetOf(text, hits);
}
