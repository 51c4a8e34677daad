import { QueryClient } from '@tanstack/react-query';
import { toProblem } from './problem.ts';

const MOST_RETRIES = 2;

/** What was read is shown at once when a page is opened again, and read anew behind that. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2000,
        refetchOnWindowFocus: true,
        // The console must tell what it knows also where the browser believes to be offline.
        networkMode: 'always',
        retry: (failures, error) => failures < MOST_RETRIES && toProblem(error).isRetryable,
        retryDelay: (attempt) => Math.min(1000 * 2 ** attempt, 5000),
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
}
