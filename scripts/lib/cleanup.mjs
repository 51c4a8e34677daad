/** Work to be undone when the program ends in whatever way it can still notice. */

/** @type {Array<() => void>} */
const undoings = [];
let isInstalled = false;

/**
 * Registers something to be undone at the end: at exit, on an uncaught error, on SIGINT, SIGTERM and SIGHUP.
 * It must not wait for anything. The last registered runs first.
 * @param {() => void} undo
 */
export function atExit(undo) {
  undoings.push(undo);
  if (isInstalled) return;
  isInstalled = true;
  process.on('exit', () => {
    for (const undo of undoings.splice(0).toReversed()) {
      try {
        undo();
      } catch (error) {
        process.stderr.write(`${String(error)}\n`);
      }
    }
  });
  for (const [signal, number] of /** @type {const} */ ([
    ['SIGHUP', 1],
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ])) {
    process.on(signal, () => process.exit(128 + number));
  }
}
