import { describe, expect, it } from 'vitest';
import {
  countReport,
  countWithSecondTry,
  describeFailures,
  failedFiles,
} from '../../../scripts/lib/test-report.mjs';

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((status) => ({ status })),
});

describe('the count of a test run', () => {
  it('sums passed and failed tests', () => {
    const report = {
      numPassedTests: 2,
      numFailedTests: 1,
      testResults: [file('failed', 'passed', 'passed', 'failed')],
    };
    expect(countReport(report, 1)).toEqual({ passed: 2, failed: 1 });
  });

  it('counts a file that could not be loaded as a failure', () => {
    const report = {
      numPassedTests: 1,
      numFailedTests: 0,
      testResults: [file('passed', 'passed'), file('failed')],
    };
    expect(countReport(report, 1)).toEqual({ passed: 1, failed: 1 });
  });

  it('counts a run that ended badly without a failed test as a failure', () => {
    const report = { numPassedTests: 1, numFailedTests: 0, testResults: [file('passed', 'passed')] };
    expect(countReport(report, 1)).toEqual({ passed: 1, failed: 1 });
  });

  it('counts a run that left no report as a failure', () => {
    expect(countReport(null, null)).toEqual({ passed: 0, failed: 1 });
  });

  it('finds nothing wrong with a project without tests', () => {
    expect(countReport({ numPassedTests: 0, numFailedTests: 0, testResults: [] }, 0)).toEqual({
      passed: 0,
      failed: 0,
    });
  });
});

describe('what failed in a test run', () => {
  it('is named by file, test and error', () => {
    const passed = { fullName: 'a queue keeps order', status: 'passed' };
    const failed = {
      fullName: 'a queue takes work',
      status: 'failed',
      failureMessages: ['expected 1 to be 2'],
    };
    const report = {
      testResults: [{ name: 'queue.test.ts', status: 'failed', assertionResults: [passed, failed] }],
    };
    expect(describeFailures(report, 1)).toEqual([
      'FAILED queue.test.ts > a queue takes work\n  expected 1 to be 2',
    ]);
  });

  it('is a file that could not be loaded', () => {
    const report = {
      testResults: [
        { name: 'queue.test.ts', status: 'failed', message: 'no such module', assertionResults: [] },
      ],
    };
    expect(describeFailures(report, 1)).toEqual(['FAILED queue.test.ts\n  no such module']);
  });

  it('is an error outside the tests', () => {
    expect(describeFailures({ testResults: [] }, 1)[0]).toContain('unhandled error');
    expect(describeFailures(null, null)[0]).toContain('killed');
  });

  it('is nothing when all passed', () => {
    expect(describeFailures({ testResults: [] }, 0)).toEqual([]);
  });
});

describe('files that failed and are run again', () => {
  const named = (name: string, status: string, ...tests: string[]) => ({ name, ...file(status, ...tests) });
  const first = {
    testResults: [named('a', 'passed', 'passed', 'passed'), named('b', 'failed', 'passed', 'failed')],
  };

  it('are those in which a test failed, or which could not be loaded', () => {
    expect(failedFiles({ testResults: [...first.testResults, named('c', 'failed')] })).toEqual(['b', 'c']);
    expect(failedFiles(null)).toEqual([]);
  });

  it('count by their second run', () => {
    const second = {
      numPassedTests: 2,
      numFailedTests: 0,
      testResults: [named('b', 'passed', 'passed', 'passed')],
    };
    expect(countWithSecondTry(first, second, 0)).toEqual({ passed: 4, failed: 0 });
  });

  it('have failed if they fail again, or if the second run gives nothing', () => {
    const second = {
      numPassedTests: 1,
      numFailedTests: 1,
      testResults: [named('b', 'failed', 'passed', 'failed')],
    };
    expect(countWithSecondTry(first, second, 1)).toEqual({ passed: 3, failed: 1 });
    expect(countWithSecondTry(first, null, null)).toEqual({ passed: 2, failed: 1 });
  });
});
