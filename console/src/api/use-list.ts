import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type CallOptions } from './client.ts';

/** A page of a list, as every list of the API answers it. */
export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** A list that is read page by page; `DataTable` takes it as it is. */
export interface CursorList<T> {
  readonly items: readonly T[] | undefined;
  readonly error: Error | null;
  readonly isLoading: boolean;
  /** Another page is being read while this one is shown. */
  readonly isFetching: boolean;
  /** From 1. */
  readonly pageNumber: number;
  readonly hasNext: boolean;
  next: () => void;
  previous: () => void;
  reload: () => void;
}

interface ListOptions {
  query?: CallOptions['query'];
  /** Rows a page. */
  limit?: number;
  /** Read the page again this often while it is seen. */
  everyMs?: number;
  isEnabled?: boolean;
}

/** Reads a list page by page. A changed path or query begins at the first page again. */
export function useList<T>(path: string, options: ListOptions = {}): CursorList<T> {
  const { query = {}, limit = 25, everyMs, isEnabled = true } = options;
  const listKey = JSON.stringify([path, query, limit]);
  const [position, setPosition] = useState<{ listKey: string; cursors: string[] }>({ listKey, cursors: [] });
  // The cursors of another list mean nothing for this one.
  const cursors = position.listKey === listKey ? position.cursors : [];
  const cursor = cursors.at(-1);
  const read = useQuery<Page<T>>({
    queryKey: [path, { ...query, limit }, cursor ?? null],
    queryFn: ({ signal }) => api.get<Page<T>>(path, { query: { ...query, limit, cursor }, signal }),
    enabled: isEnabled,
    placeholderData: keepPreviousData,
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
  });
  const nextCursor = read.data?.next_cursor ?? null;
  return {
    items: read.data?.items,
    error: read.error,
    isLoading: read.isPending && isEnabled,
    isFetching: read.isFetching,
    pageNumber: cursors.length + 1,
    hasNext: nextCursor !== null,
    next: () => {
      if (nextCursor !== null) setPosition({ listKey, cursors: [...cursors, nextCursor] });
    },
    previous: () => setPosition({ listKey, cursors: cursors.slice(0, -1) }),
    reload: () => void read.refetch(),
  };
}
