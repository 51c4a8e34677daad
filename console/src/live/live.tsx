import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import { useSession } from '../session/session.tsx';
import { type LiveSnapshot, LiveStore } from './live-store.ts';

const LiveContext = createContext<LiveStore | null>(null);

/** Keeps one live stream open as long as somebody is signed in who may see it. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const { state, check } = useSession();
  const [store] = useState(() => new LiveStore());
  const isAllowed = state.status === 'signed_in' && state.scopes.has('operations');
  useEffect(() => {
    if (!isAllowed) return;
    store.start();
    // An event source does not tell why it broke; the session may have ended.
    const forget = store.onBreak(check);
    return () => {
      forget();
      store.stop();
    };
  }, [store, isAllowed, check]);
  return <LiveContext value={store}>{children}</LiveContext>;
}

/** The stream itself, for plots, which draw without a render. */
export function useLiveStore(): LiveStore {
  const store = useContext(LiveContext);
  if (!store) throw new Error('useLiveStore is used outside of LiveProvider.');
  return store;
}

/** The newest overview and the state of the stream; renders at each event. */
export function useLive(): LiveSnapshot {
  const store = useLiveStore();
  return useSyncExternalStore(store.subscribe, store.read);
}
