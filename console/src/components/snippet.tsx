import { Mark } from '@mantine/core';

const MARKED = /<mark>(.*?)<\/mark>/su;

/** A piece of a message with the hits marked. The server's HTML is read as text and marks, never put into the page. */
export function Snippet({ html }: { html: string }) {
  // With one group in its pattern, `split` answers plain and marked pieces by turns.
  const pieces = html.split(new RegExp(MARKED, 'gsu'));
  return pieces.map((piece, index) =>
    index % 2 === 1 ? <Mark key={index}>{textOf(piece)}</Mark> : <span key={index}>{textOf(piece)}</span>,
  );
}

/** What the server escapes; a parser of HTML would drop the blanks at both ends of a piece, too. */
const characters: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

function textOf(escaped: string): string {
  return escaped.replaceAll(/&(?:amp|lt|gt|quot|#39);/gu, (escape) => characters[escape] ?? escape);
}
