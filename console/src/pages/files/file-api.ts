import { useQuery } from '@tanstack/react-query';
import { api } from '../../api/client.ts';
import type { Page } from '../../api/use-list.ts';
import { useRead } from '../../api/use-read.ts';

export type FileStatus = 'uploading' | 'queued' | 'processing' | 'completed' | 'failed';
export type StepStatus = 'pending' | 'processing' | 'completed' | 'failed';

/** What is done with a file, in this order. */
export const fileSteps = ['chunking', 'vectorization', 'storage', 'kg_extraction'] as const;
export type FileStep = (typeof fileSteps)[number];

export interface FileFacts {
  id: string;
  name: string;
  media_type: string;
  size_bytes: number;
  sha256: string;
  status: FileStatus;
  steps: Record<FileStep, StepStatus>;
  message: string | null;
  job_id: string | null;
  created_at: string;
  changed_at: string;
}

export interface FileReceipt {
  file_id: string;
  job_id: string;
  status: FileStatus;
}

interface StepProgress {
  status: StepStatus;
  progress: number;
}

/** How far a file is. */
export interface FileProgress extends Record<FileStep, StepProgress> {
  file_id: string;
  status: FileStatus;
  progress: number;
  message: string | null;
}

export interface Collection {
  id: string;
  name: string;
  file_count: number;
  created_at: string;
}

/** Where in a file something stands. */
export interface Place {
  page?: number;
  slide?: number;
  sheet?: string;
  row?: number;
  start: number;
  end: number;
}

export interface Chunk {
  chunk_id: string;
  file_id: string;
  position: number;
  headings: string[];
  place: Place;
  text: string;
  tokens: number;
  is_embedded: boolean;
}

export interface SearchAnswer {
  items: Array<Omit<Chunk, 'tokens' | 'is_embedded'> & { snippet: string; score: number }>;
  is_hybrid: boolean;
}

export const FILES_PATH = '/api/files';
export const COLLECTIONS_PATH = '/api/collections';
export const SEARCH_PATH = '/api/knowledge/search';
/** So many a user may have at most, and so many are on a page of the list. */
const MOST_COLLECTIONS = 500;
const COLLECTIONS_A_PAGE = 100;

export const filePath = (id: string) => `${FILES_PATH}/${id}`;
/** The file's page in the console; at one of its chunks if its position is given. */
export const fileAddress = (id: string, position?: number) =>
  `/files/list/${id}${position === undefined ? '' : `?chunk=${position}`}`;

/** Whether nothing more happens to the file by itself. */
export function isSettled(status: FileStatus): boolean {
  return status === 'completed' || status === 'failed';
}

/** Files by their ids, as far as they are there; undefined until they are read. */
export function useFilesNamed(ids: readonly string[]): ReadonlyMap<string, FileFacts> | undefined {
  const wanted = [...new Set(ids)].sort();
  const query = wanted.map((id) => `id=${id}`).join('&');
  const read = useRead<Page<FileFacts>>(`${FILES_PATH}?limit=100&${query}`, { isEnabled: wanted.length > 0 });
  if (wanted.length === 0) return new Map();
  return read.data && new Map(read.data.items.map((file) => [file.id, file]));
}

/** All collections of the user, by name. */
export function useCollections() {
  return useQuery<Collection[]>({
    queryKey: [COLLECTIONS_PATH, 'all'],
    queryFn: async ({ signal }) => {
      const all: Collection[] = [];
      for (let cursor: string | null = ''; cursor !== null && all.length < MOST_COLLECTIONS;) {
        const page: Page<Collection> = await api.get(COLLECTIONS_PATH, {
          query: { limit: COLLECTIONS_A_PAGE, cursor },
          signal,
        });
        all.push(...page.items);
        cursor = page.next_cursor;
      }
      return all.sort((a, b) => a.name.localeCompare(b.name));
    },
  });
}
