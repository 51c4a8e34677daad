import { useRef } from 'react';
import { randomId } from './random-id.ts';

/**
 * Names operations for `Idempotency-Key`: the same content gets the same key again, so that pressing a button once more
 * after a lost answer acts once; other content is another operation.
 */
export function useOperationKey(): (content: unknown) => string {
  const last = useRef({ content: '', key: '' });
  return (content) => {
    const text = JSON.stringify(content);
    if (last.current.content !== text) last.current = { content: text, key: randomId() };
    return last.current.key;
  };
}
