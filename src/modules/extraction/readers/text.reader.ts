import type { BlockList } from '../domain/block-list.js';
import type { SourceFile } from './reader.js';
import { readTextFile } from './text-file.js';

/** How the chapters of books are headed, in Chinese and in English. */
const CHAPTER =
  /^(?:第[〇零一二三四五六七八九十百千万两\d]{1,9}[章节回卷部篇集](?:[\s:：、.].{0,60})?|(?:Chapter|Part|Book) (?:\d{1,4}|[IVXLC]{1,8})\b.{0,60})$/;
/** A longer line was not broken to fit a page: it is a paragraph of its own. */
const MAX_WRAPPED_CHARACTERS = 120;

/** Reads plain text: paragraphs end at empty lines, at long lines, and before indented ones. */
export async function readText(source: SourceFile): Promise<void> {
  const text = await readTextFile(source);
  addPlainText(source.list, text);
}

/** Adds the paragraphs of a plain text. */
export function addPlainText(list: BlockList, text: string): void {
  let lines: string[] = [];
  const flush = () => {
    list.add({ kind: 'paragraph', text: lines.join('\n') });
    lines = [];
  };
  for (const line of text.split(/\r\n?|\n/)) {
    const content = line.trim();
    if (CHAPTER.test(content)) {
      flush();
      list.add({ kind: 'heading', level: 1, text: content });
      continue;
    }
    const isIndented = /^(?:\t| {2}|\u3000)/.test(line);
    if (content === '' || isIndented) flush();
    if (content !== '') lines.push(content);
    if (content.length > MAX_WRAPPED_CHARACTERS) flush();
  }
  flush();
}
