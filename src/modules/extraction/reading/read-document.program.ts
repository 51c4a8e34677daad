/**
 * The program of a process that reads one document: it is told what by a message, answers with messages, and ends.
 * Its limits of time and memory are held by who started it.
 */
import { Socket } from 'node:net';
import type { Block, ReadDocument } from '../domain/block.js';
import type { ReadLimits } from '../domain/read-limits.js';
import type { DocumentFormat } from '../domain/readable-types.js';
import type { ReadReply, ReadRequest } from './messages.js';
import { readDocument } from './read-document.js';

/** A message has about so many characters of text, or blocks. */
const MESSAGE_CHARACTERS = 128 * 1024;
const MESSAGE_BLOCKS = 1_000;
/** Parsers quote what they could not read. */
const MAX_DETAIL_CHARACTERS = 500;

process.on('disconnect', () => process.exit(0));

// No reader asks the network for anything. Should a document ever make a parser do so, it fails here.
Socket.prototype.connect = () => {
  throw new Error('A process that reads a document has no network.');
};

process.once('message', (request: ReadRequest) => {
  void answer(request).finally(() => process.disconnect());
});

async function answer({ path, format, limits }: ReadRequest): Promise<void> {
  try {
    const document = await readDocument(path, format as DocumentFormat, limits as unknown as ReadLimits);
    await sendDocument(document);
  } catch (error) {
    await send(failure(error));
  }
}

async function sendDocument({ blocks, title, language, isTruncated }: ReadDocument): Promise<void> {
  let batch: Block[] = [];
  let characters = 0;
  for (const block of blocks) {
    batch.push(block);
    characters += block.text.length;
    if (characters < MESSAGE_CHARACTERS && batch.length < MESSAGE_BLOCKS) continue;
    await send({ type: 'blocks', blocks: batch });
    batch = [];
    characters = 0;
  }
  await send({ type: 'blocks', blocks: batch });
  await send({ type: 'read', title, language, isTruncated });
}

/** An error of ours as it is; any other means that a parser stumbled over the document. */
function failure(error: unknown): ReadReply {
  const detail = error instanceof Error ? error.message : String(error);
  const isOurs = error instanceof Error && error.name === 'AppError' && 'code' in error;
  const code = isOurs ? String(error.code) : 'document_broken';
  return { type: 'failed', code, detail: detail.slice(0, MAX_DETAIL_CHARACTERS).toWellFormed() };
}

/** Ends when the message has been taken: no more than one waits. */
function send(reply: ReadReply): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(reply, undefined, {}, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
