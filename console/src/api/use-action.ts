import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { useNotices } from '../notices/notices.tsx';
import { toProblem } from './problem.ts';

/** An action that a button starts. */
export interface Action<Input> {
  readonly isRunning: boolean;
  run: (input: Input) => void;
}

interface ActionOptions<Input, Output> {
  /** Calls the API. */
  act: (input: Input) => Promise<Output>;
  /** What is read again after it: all whose address begins so. */
  changes: readonly string[];
  /** Said when it is done. */
  done?: string | ((output: Output, input: Input) => string);
}

/** Runs an action of the API: shows what went wrong or that it is done, and has what it changes read again. */
export function useAction<Input = void, Output = unknown>({
  act,
  changes,
  done,
}: ActionOptions<Input, Output>): Action<Input> {
  const notices = useNotices();
  const reread = useReread();
  const mutation = useMutation<Output, Error, Input>({
    mutationFn: act,
    onSuccess: (output, input) => {
      const text = typeof done === 'function' ? done(output, input) : done;
      if (text !== undefined) notices.say(text);
    },
    onError: (error) => notices.tell(toProblem(error)),
    onSettled: () => reread(changes),
  });
  return { isRunning: mutation.isPending, run: (input) => mutation.mutate(input) };
}

/** Has all that was read from addresses beginning so read again. */
export function useReread(): (prefixes: readonly string[]) => Promise<void> {
  const client = useQueryClient();
  return useCallback(
    (prefixes) =>
      client.invalidateQueries({
        predicate: ({ queryKey: [path] }) =>
          typeof path === 'string' && prefixes.some((prefix) => path.startsWith(prefix)),
      }),
    [client],
  );
}
