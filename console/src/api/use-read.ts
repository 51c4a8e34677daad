import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { api, type CallOptions } from './client.ts';

interface ReadOptions {
  query?: CallOptions['query'];
  /** Read again this often while the page is seen. */
  everyMs?: number;
  /** false: not now. */
  isEnabled?: boolean;
}

/** Reads a resource and keeps what was read; the address with its query is the key. */
export function useRead<T>(
  path: string,
  { query, everyMs, isEnabled = true }: ReadOptions = {},
): UseQueryResult<T> {
  return useQuery<T>({
    queryKey: [path, query ?? {}],
    queryFn: ({ signal }) => api.get<T>(path, { ...(query === undefined ? {} : { query }), signal }),
    enabled: isEnabled,
    placeholderData: keepPreviousData,
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
  });
}
