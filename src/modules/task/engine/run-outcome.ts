import { z } from 'zod';
import { AppError, errorKinds } from '../../../platform/errors/index.js';
import { redactText } from '../../../platform/logging/index.js';
import type { TaskDefinition, TaskHandler, TaskRun } from '../define-task.js';
import type { TaskFailure } from '../store/run.repository.js';
import { taskFailed, taskResultInvalid, taskTimedOut } from '../task.errors.js';

const MAX_RESULT_BYTES = 65_536;
const MAX_ERROR_CHARACTERS = 1_000;
const MAX_STACK_CHARACTERS = 8_000;
/** What a handler has, after its signal was aborted, to end by itself. */
const ABANDON_MS = 1_000;

/** Why the signal of a run is aborted. */
export class RunEndedError extends Error {
  constructor(readonly why: 'timed_out' | 'cancelled' | 'stopped' | 'lost') {
    super(`The run was ended: ${why}.`);
  }
}

/** What became of a handler. */
export type RunEnd =
  | { readonly kind: 'finished'; readonly result: string }
  | { readonly kind: 'failed'; readonly failure: TaskFailure; readonly isFinal: boolean }
  | { readonly kind: 'cancelled' | 'stopped' | 'lost' };

/**
 * Calls a handler and waits for its end; once its signal is aborted, for a second more and then no longer. Never fails.
 * A result that comes in spite of the signal counts.
 */
export async function endOf(
  known: { definition: TaskDefinition; handler: TaskHandler<TaskDefinition> } | undefined,
  payload: unknown,
  run: TaskRun,
): Promise<RunEnd> {
  try {
    // Another version of the worker may: it is tried again.
    if (!known) throw new Error('The worker that began the task does not know its kind.');
    const { definition, handler } = known;
    const parsed = definition.payload.parse(payload);
    const result = await abandonable(handler.run(parsed, run), run.signal);
    return { kind: 'finished', result: readResult(definition, result) };
  } catch (error) {
    return endByError(error, run.signal);
  }
}

function readResult(definition: TaskDefinition, result: unknown): string {
  const parsed = definition.result.safeParse(result);
  if (!parsed.success) throw taskResultInvalid({ cause: parsed.error });
  const json = JSON.stringify(parsed.data ?? null);
  if (Buffer.byteLength(json) > MAX_RESULT_BYTES) {
    throw taskResultInvalid({ detail: `The result is larger than ${MAX_RESULT_BYTES} bytes.` });
  }
  return json;
}

function endByError(error: unknown, signal: AbortSignal): RunEnd {
  const reason: unknown = signal.aborted ? signal.reason : undefined;
  if (reason instanceof RunEndedError) {
    if (reason.why !== 'timed_out') return { kind: reason.why };
    return { kind: 'failed', failure: failureOf(taskTimedOut(), 'timed_out'), isFinal: false };
  }
  const isFinal =
    error instanceof z.ZodError || (error instanceof AppError && !errorKinds[error.kind].isRetryable);
  return { kind: 'failed', failure: failureOf(error, 'error'), isFinal };
}

/** The text is the owner's to read: of an error that is not ours its first line, without what looks like a secret. */
export function failureOf(error: unknown, reason: TaskFailure['reason']): TaskFailure {
  const text = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.stack : undefined;
  const trace = [stack, cause && `Caused by: ${cause}`].filter(Boolean).join('\n');
  return {
    reason,
    code: error instanceof AppError ? error.code : taskFailed.definition.code,
    text: redactText(text, MAX_ERROR_CHARACTERS),
    stack: trace === '' ? null : redactText(trace, MAX_STACK_CHARACTERS),
  };
}

/** Fails a while after the signal is aborted, also if the work ignores it. */
function abandonable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const onAbort = () => {
      timer = setTimeout(() => reject(signal.reason as Error), ABANDON_MS);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    });
  });
}
