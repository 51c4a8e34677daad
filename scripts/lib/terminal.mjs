import { Interrupted, listenForStopSignals } from './interruption.mjs';

/** How often a step without a terminal says that it is still at work, in milliseconds. */
const REMINDER_MS = 15_000;
const SPINNER_MS = 1_000;

/** An expected problem: its message is meant for the operator, who needs no stack trace. */
export class OperatorError extends Error {}

/** @param {string} text */
export function say(text) {
  process.stdout.write(`${text}\n`);
}

/**
 * Runs one long piece of work, showing that it runs and how long it took.
 * @template T
 * @param {string} title what is being done, as "Installing Node modules"
 * @param {() => Promise<T> | T} work
 * @returns {Promise<T>} what the work returns
 */
export async function step(title, work) {
  const started = performance.now();
  const isTerminal = process.stdout.isTTY;
  const seconds = () => ((performance.now() - started) / 1000).toFixed(1);
  const running = () =>
    isTerminal
      ? process.stdout.write(`\r  … ${title} (${seconds()} s) `)
      : say(`  … ${title} (${seconds()} s)`);
  if (isTerminal) running();
  const timer = setInterval(running, isTerminal ? SPINNER_MS : REMINDER_MS);
  const finish = (/** @type {string} */ mark) =>
    say(`${isTerminal ? '\r\x1b[2K' : ''}  ${mark} ${title} (${seconds()} s)`);
  try {
    const result = await work();
    finish('✓');
    return result;
  } catch (error) {
    finish('✗');
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/**
 * Runs a command's main function and ends the process with its exit code; an error gives a message and 1.
 * @param {() => Promise<number | void>} main returns the exit code, 0 by default
 */
export async function runMain(main) {
  process.stdout.on('error', ignoreClosedPipe);
  process.stderr.on('error', ignoreClosedPipe);
  listenForStopSignals();
  try {
    process.exit((await main()) ?? 0);
  } catch (error) {
    if (error instanceof Interrupted) process.exit(error.exitCode);
    process.stderr.write(`\n${describeError(error)}\n`);
    process.exit(1);
  }
}

/** @param {NodeJS.ErrnoException} error */
function ignoreClosedPipe(error) {
  if (error.code !== 'EPIPE') throw error;
}

/** @param {unknown} error */
export function describeError(error) {
  if (error instanceof OperatorError) return error.message;
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
    return `${error.message}\nSee --help.`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
