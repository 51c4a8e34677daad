import type { Span } from './search-query.js';

/** How long a snippet is, in UTF-16 code units, and how much of it may stand before the first hit. */
const SNIPPET_LENGTH = 160;
const LEAD_LENGTH = 50;

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * The part of a text around its first hit, as HTML: hits in `<mark>`, all else escaped. Without hits, its beginning.
 * `hits` are places in `text` in the order of their beginnings; they may overlap.
 */
export function snippetOf(text: string, hits: readonly Span[]): string {
  const window = windowAround(text, hits[0]);
  let html = window.start > 0 ? '…' : '';
  let at = window.start;
  for (const hit of joined(hits)) {
    const start = Math.max(hit.start, at);
    const end = Math.min(hit.end, window.end);
    if (start >= end) continue;
    html += `${escaped(text.slice(at, start))}<mark>${escaped(text.slice(start, end))}</mark>`;
    at = end;
  }
  html += escaped(text.slice(at, window.end));
  return window.end < text.length ? `${html}…` : html;
}

function windowAround(text: string, hit: Span | undefined): Span {
  const lead = Math.max(0, (hit?.start ?? 0) - LEAD_LENGTH);
  // Near the end of the text there is room for more before the hit.
  const start = wholeCharacter(text, Math.min(lead, Math.max(0, text.length - SNIPPET_LENGTH)));
  return { start, end: wholeCharacter(text, Math.min(text.length, start + SNIPPET_LENGTH)) };
}

/** The same place, or the one before it if that is inside a surrogate pair. */
function wholeCharacter(text: string, at: number): number {
  const isInside = /^[\uD800-\uDBFF][\uDC00-\uDFFF]/.test(text.slice(Math.max(0, at - 1), at + 1));
  return at > 0 && isInside ? at - 1 : at;
}

/** Hits that overlap or touch are one. */
function joined(hits: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const hit of hits) {
    const last = result.at(-1);
    if (last && hit.start <= last.end) {
      result[result.length - 1] = { start: last.start, end: Math.max(last.end, hit.end) };
    } else {
      result.push(hit);
    }
  }
  return result;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character).replace(/\s+/gu, ' ');
}
