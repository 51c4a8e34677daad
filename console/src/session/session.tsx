import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo } from 'react';
import { api, onSessionEnd, setCsrfToken } from '../api/client.ts';
import { ProblemError, toProblem } from '../api/problem.ts';

interface SessionAnswer {
  user: { id: string; email: string; role: string; scopes: string[] };
  csrf_token: string;
  expires_at: string;
}

export interface User {
  readonly id: string;
  readonly email: string;
  readonly role: string;
}

type SessionState =
  | { readonly status: 'unknown' }
  | { readonly status: 'unreachable'; readonly problem: ProblemError }
  | { readonly status: 'signed_out' }
  | { readonly status: 'signed_in'; readonly user: User; readonly scopes: ReadonlySet<string> };

interface SessionContextValue {
  readonly state: SessionState;
  /** @throws ProblemError */
  signIn: (email: string, password: string) => Promise<void>;
  signOut: () => Promise<void>;
  /** Asks again whether there is a session. */
  check: () => void;
}

const PATH = '/api/console/session';
const sessionKey = ['session'];
const SessionContext = createContext<SessionContextValue | null>(null);

/** Knows who is signed in. The cookie is the browser's affair; only the CSRF token is kept here, in memory. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const read = useQuery({ queryKey: sessionKey, queryFn: readSession, staleTime: Infinity });
  const become = useCallback(
    (answer: SessionAnswer | null) => {
      setCsrfToken(answer?.csrf_token ?? null);
      client.setQueryData(sessionKey, answer);
    },
    [client],
  );
  useEffect(() => onSessionEnd(() => become(null)), [become]);
  const value = useMemo<SessionContextValue>(
    () => ({
      state: toState(read.data, read.error),
      signIn: async (email, password) => become(await api.post<SessionAnswer>(PATH, { email, password })),
      signOut: async () => {
        await api.delete(PATH);
        become(null);
        // What one user read is nothing for the next.
        client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionKey[0] });
      },
      check: () => void client.invalidateQueries({ queryKey: sessionKey }),
    }),
    [read.data, read.error, become, client],
  );
  return <SessionContext value={value}>{children}</SessionContext>;
}

/** Who is signed in, if anyone is, and the way in and out. */
export function useSession(): SessionContextValue {
  const value = useContext(SessionContext);
  if (!value) throw new Error('useSession is used outside of SessionProvider.');
  return value;
}

/** Who is signed in, for what is shown to users only. `can` says whether they have a scope. */
export function useUser(): User & { can: (scope: string) => boolean } {
  const { state } = useSession();
  if (state.status !== 'signed_in') throw new Error('useUser is used where nobody is signed in.');
  return { ...state.user, can: (scope) => state.scopes.has(scope) };
}

async function readSession(): Promise<SessionAnswer | null> {
  try {
    const answer = await api.get<SessionAnswer>(PATH);
    setCsrfToken(answer.csrf_token);
    return answer;
  } catch (error) {
    if (error instanceof ProblemError && error.status === 401) return null;
    throw error;
  }
}

function toState(answer: SessionAnswer | null | undefined, error: Error | null): SessionState {
  if (answer) return { status: 'signed_in', user: answer.user, scopes: new Set(answer.user.scopes) };
  if (answer === null) return { status: 'signed_out' };
  return error ? { status: 'unreachable', problem: toProblem(error) } : { status: 'unknown' };
}
