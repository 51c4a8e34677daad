/** Where in a file something stands: offsets into its plain text, and what its format has of pages and the like. */
export interface ChunkPlace {
  readonly page?: number;
  readonly slide?: number;
  readonly sheet?: string;
  readonly row?: number;
  readonly section?: readonly string[];
  readonly start: number;
  readonly end: number;
}

/** A piece of a file as it is to be embedded and found. */
export interface NewChunk {
  /** From 0 on, without gaps. */
  readonly index: number;
  readonly text: string;
  /** The headings that it stands under, the outermost first. */
  readonly headings: readonly string[];
  readonly place: ChunkPlace;
  readonly tokens: number;
}

/** A file and whose it is. */
export interface KnowledgeSource {
  readonly fileId: string;
  readonly ownerId: string;
}

/** What is indexed and embedded of a chunk: its headings say what a text of "it" and "they" is about. */
export function textToFind({ text, headings }: Pick<NewChunk, 'text' | 'headings'>): string {
  return headings.length === 0 ? text : `${headings.join(' › ')}\n${text}`;
}
