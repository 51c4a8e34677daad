import { marked } from 'marked';
import { documentBroken } from '../extraction.errors.js';
import { addHtml } from './html.reader.js';
import type { SourceFile } from './reader.js';
import { readTextFile } from './text-file.js';

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
  addHtml(source.list, htmlOf(matter ? text.slice(matter[0].length) : text));
}

function htmlOf(markdown: string): string {
  try {
    return marked.parse(markdown, { async: false, gfm: true });
  } catch (error) {
    // It recurses, and quotes or lists can be nested thousands deep.
    if (!(error instanceof RangeError)) throw error;
    throw documentBroken({ detail: 'Its quotes or lists are nested too deeply.', cause: error });
  }
}
