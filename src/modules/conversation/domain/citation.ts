import { z } from 'zod';

/** Where something of an answer can be found in a file. */
export const citationSchema = z.object({
  /** By which the answer names it, from 1 on. */
  index: z.int().min(1),
  file_id: z.string(),
  file_name: z.string(),
  media_type: z.string(),
  chunk_id: z.string(),
  /** Offsets into the file's plain text, and what its format has of pages and the like. */
  place: z.object({
    page: z.int().optional(),
    slide: z.int().optional(),
    sheet: z.string().optional(),
    row: z.int().optional(),
    section: z.array(z.string()).readonly().optional(),
    start: z.int().min(0),
    end: z.int().min(0),
  }),
  /** HTML. */
  snippet: z.string(),
});
export type Citation = z.infer<typeof citationSchema>;

const annotationSchema = z.object({ type: z.literal('file_citation'), file_citation: citationSchema });
/** A citation in the way of the OpenAI API's annotations, which has files among them since the Responses API. */
export type FileAnnotation = z.infer<typeof annotationSchema>;

/** What an answer has of citations: nothing if it was given nothing to cite. */
export function annotationsOf(citations: readonly Citation[] | null): { annotations?: FileAnnotation[] } {
  if (citations === null || citations.length === 0) return {};
  return {
    annotations: citations.map((citation) => ({ type: 'file_citation', file_citation: citation })),
  };
}

/** The citations that an answer was stored with; null if there are none. */
export function citationsIn(extra: Readonly<Record<string, unknown>> | null | undefined): Citation[] | null {
  const annotations = z.array(annotationSchema).safeParse(extra?.['annotations']);
  return annotations.success ? annotations.data.map((annotation) => annotation.file_citation) : null;
}
