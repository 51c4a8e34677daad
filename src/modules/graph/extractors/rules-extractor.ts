import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type Extraction, toExtraction } from '../domain/extraction.js';
import { readSentences, type SentenceReading } from '../domain/sentence.js';
import type { ChunkOutcome, GraphExtractor, SourceChunk, TokenBudget } from './graph-extractor.js';

/** A change of what the rules find needs another number: files are then read again when they are next processed. */
const NAME = 'rules-1';
/** How much of a chunk is read, and how much of it without letting other work in between. */
const MAX_TEXT_LENGTH = 20_000;
const MAX_PART_LENGTH = 2_000;
/** Lines with so many Chinese characters among their letters are read as Chinese. */
const CHINESE_SHARE = 0.2;

const PARAGRAPH = /(?:(?!\n\s*\n)[\s\S])+/gu;

/**
 * The built-in extractor: word classes, word lists and the form of names, no model. It finds names that its libraries
 * know or that look like names, and says that two are in relation if a sentence names both, by the verb between them. It
 * does not understand what it reads. The same text gives the same in every process.
 */
@Injectable()
export class RulesExtractor implements GraphExtractor {
  readonly name = NAME;
  readonly chunksABatch = 16;

  async extract(
    chunks: readonly SourceChunk[],
    _budget: TokenBudget,
    signal: AbortSignal,
  ): Promise<readonly ChunkOutcome[]> {
    const outcomes: ChunkOutcome[] = [];
    for (const { text } of chunks) outcomes.push({ state: 'read', extraction: await readText(text, signal) });
    return outcomes;
  }
}

async function readText(text: string, signal: AbortSignal): Promise<Extraction> {
  const sentences: SentenceReading[] = [];
  for (const { part, start } of partsOf(text.slice(0, MAX_TEXT_LENGTH))) {
    signal.throwIfAborted();
    sentences.push(...(await readPart(part, start)));
    await nextTurn();
  }
  return toExtraction(text, readSentences(sentences));
}

/** Word lists and dictionaries are loaded when there is something to read: an API process never needs them. */
async function readPart(part: string, start: number): Promise<SentenceReading[]> {
  if (isChinese(part)) return (await import('./chinese-rules.js')).readChinese(part, start);
  return (await import('./english-rules.js')).readEnglish(part, start);
}

/** Paragraphs, long ones cut at the end of a sentence or a word if there is one. */
function* partsOf(text: string): Iterable<{ part: string; start: number }> {
  for (const { 0: paragraph, index } of text.matchAll(PARAGRAPH)) {
    for (let from = 0; from < paragraph.length;) {
      const part = paragraph.slice(from, from + cutOf(paragraph.slice(from, from + MAX_PART_LENGTH + 1)));
      yield { part, start: index + from };
      from += part.length;
    }
  }
}

function cutOf(text: string): number {
  if (text.length <= MAX_PART_LENGTH) return text.length;
  const ends = ['. ', '.\n', '。', '\n', ' '].map(
    (end) => text.lastIndexOf(end, MAX_PART_LENGTH - 2) + end.length,
  );
  return ends.find((end) => end > MAX_PART_LENGTH / 2) ?? MAX_PART_LENGTH;
}

function isChinese(text: string): boolean {
  const han = text.match(/\p{scx=Han}/gu)?.length ?? 0;
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  return han > 0 && han / letters >= CHINESE_SHARE;
}
