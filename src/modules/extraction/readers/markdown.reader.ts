import { marked } from 'marked';
import type { BlockList } from '../domain/block-list.js';
import { addHtml } from './html.reader.js';
import type { SourceFile } from './reader.js';
import { readTextFile } from './text-file.js';
import { addPlainText } from './text.reader.js';

/** What tools write above a document about it. */
const FRONT_MATTER = /^\s*---[ \t]*\r?\n(?<content>[\s\S]{0,20000}?)\r?\n---[ \t]*(?:\r?\n|$)/;

/** Reads Markdown (CommonMark with GitHub's tables). HTML in it is read as HTML. */
export async function readMarkdown(source: SourceFile): Promise<void> {
  const text = await readTextFile(source);
  const matter = FRONT_MATTER.exec(text);
  const about = matter?.groups?.['content'] ?? '';
  const title = /^title:[ \t]*["']?(?<title>[^\r\n]{1,300}?)["']?[ \t]*$/m.exec(about);
  source.list.title = title?.groups?.['title'] ?? null;
  source.list.add({ kind: 'code', text: about });
  addMarkdown(source.list, matter ? text.slice(matter[0].length) : text);
}

function addMarkdown(list: BlockList, markdown: string): void {
  let html: string;
  try {
    html = marked.parse(markdown, { async: false, gfm: true });
  } catch (error) {
    // It recurses, and quotes or lists can be nested thousands deep. Any text is Markdown, and can be read as text.
    if (!(error instanceof RangeError)) throw error;
    return addPlainText(list, markdown);
  }
  addHtml(list, html);
}
