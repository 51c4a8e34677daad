/** How the two kinds of process begin and end. */

/** Tells whoever started us (PM2, `npm start`) that we serve. */
export function announceReady(): void {
  process.send?.('ready');
}

/**
 * Runs `start`; if it fails, prints why, in one line if it is a cause the operator can mend, and exits with 1.
 */
export function runProcess(start: () => Promise<void>): void {
  start().catch((error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  });
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A TypeError and the like is a fault of ours: its stack is the explanation.
  return error.name === 'Error' || error.name === 'ConfigError'
    ? error.message
    : (error.stack ?? error.message);
}

/**
 * Calls `stop` once, on the first SIGTERM or SIGINT or when the parent sends `shutdown` (PM2 does where there
 * are no signals); then exits.
 */
export function stopOnSignal(stop: () => Promise<void>): void {
  let isStopping = false;
  const handle = () => {
    if (isStopping) return;
    isStopping = true;
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${explain(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
  process.on('message', (message) => {
    if (message === 'shutdown') handle();
  });
}

/** Has this process stop in order, as if it had been told to; whoever keeps it running starts another. */
export function requestStop(): void {
  process.kill(process.pid, 'SIGTERM');
}
