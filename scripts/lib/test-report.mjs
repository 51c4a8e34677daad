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
