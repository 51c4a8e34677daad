import { z } from 'zod';
import { defineTask, type TaskDefinition } from '../task/index.js';

const payload = z.strictObject({ file_id: z.uuid() });
export type FileTaskPayload = z.infer<typeof payload>;

/** What a task did with a file, in numbers. */
const result = z.record(z.string(), z.number());
export type FileTaskResult = z.infer<typeof result>;

export type FileTaskDefinition = TaskDefinition<FileTaskPayload, FileTaskResult>;

const subjectOf = ({ file_id }: FileTaskPayload) => file_id;

/** All that is done with a file: it is chunked, its chunks are embedded and stored, its graph is extracted. */
export const processFile = defineTask({
  name: 'file.process',
  queue: 'file_processing',
  payload,
  result,
  isPublic: false,
  subjectOf,
});

/** The vectors of a file are made again. */
export const vectorizeFile = defineTask({
  name: 'file.vectorize',
  queue: 'vectorization',
  payload,
  result,
  isPublic: false,
  subjectOf,
});

/** The graph of a file is made again. */
export const extractFileGraph = defineTask({
  name: 'file.extract-graph',
  queue: 'kg_extraction',
  payload,
  result,
  isPublic: false,
  subjectOf,
});
