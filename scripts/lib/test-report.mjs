/**
 * Counts a vitest JSON report. A file that failed before its tests ran counts as one failure, and so does a
 * run that ended badly without any failed test (an unhandled error, a crash, a timeout).
 *
 * @param {any} report null when vitest wrote none
 * @param {number | null} exitCode null when vitest was killed
 * @returns {{ passed: number, failed: number }}
 */
export function countReport(report, exitCode) {
  const passed = report?.numPassedTests ?? 0;
  let failed = report?.numFailedTests ?? 0;
  for (const file of report?.testResults ?? []) {
    const hasFailedTest = file.assertionResults.some((/** @type {any} */ test) => test.status === 'failed');
    if (file.status === 'failed' && !hasFailedTest) failed++;
  }
  if (failed === 0 && exitCode !== 0) failed = 1;
  return { passed, failed };
}

/**
 * The files of a vitest JSON report in which something failed.
 * @param {any} report null when vitest wrote none
 * @returns {string[]}
 */
export function failedFiles(report) {
  return (report?.testResults ?? [])
    .filter((/** @type {any} */ file) => file.status === 'failed')
    .map((/** @type {any} */ file) => file.name);
}

/**
 * The count of a run of which the files that failed were run again: what they gave the second time stands in for the
 * first.
 *
 * @param {any} first the report of the whole run
 * @param {any} second the report of the run of its failed files; null when vitest wrote none
 * @param {number | null} secondCode
 * @returns {{ passed: number, failed: number }}
 */
export function countWithSecondTry(first, second, secondCode) {
  const again = countReport(second, secondCode);
  let passed = again.passed;
  for (const file of first.testResults) {
    if (file.status === 'failed') continue;
    passed += file.assertionResults.filter((/** @type {any} */ test) => test.status === 'passed').length;
  }
  return { passed, failed: again.failed };
}

const MAX_MESSAGE_LINES = 25;

/**
 * What failed in a vitest JSON report, one text each: file, test and the first lines of the error. It is
 * repeated after everything else was printed, since a kept log is often only the end of one.
 *
 * @param {any} report null when vitest wrote none
 * @param {number | null} exitCode null when vitest was killed
 * @returns {string[]}
 */
export function describeFailures(report, exitCode) {
  const failures = [];
  for (const file of report?.testResults ?? []) {
    const failed = file.assertionResults.filter((/** @type {any} */ test) => test.status === 'failed');
    for (const test of failed) {
      failures.push(describe(`${file.name} > ${test.fullName}`, (test.failureMessages ?? []).join('\n')));
    }
    if (file.status === 'failed' && failed.length === 0)
      failures.push(describe(file.name, file.message ?? ''));
  }
  if (failures.length > 0 || exitCode === 0) return failures;
  const ending = exitCode === null ? 'vitest was killed' : `vitest ended with ${exitCode}`;
  return [`${ending} although no test failed: look for an unhandled error above`];
}

/**
 * @param {string} title
 * @param {string} message
 */
function describe(title, message) {
  const lines = message.split('\n').slice(0, MAX_MESSAGE_LINES);
  return [`FAILED ${title}`, ...lines.map((line) => `  ${line}`)].join('\n');
}
