import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatLogLine, LogFile } from '../../../scripts/lib/log-files.mjs';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lockkeeper-logs-'));
  path = join(directory, 'api.log');
});

afterEach(() => rmSync(directory, { recursive: true }));

describe('a log file', () => {
  it('hands on whole lines, whatever pieces they are written in', () => {
    const lines: string[] = [];
    const log = new LogFile(path, (line) => lines.push(line));
    const bytes = Buffer.from('one\n算力 two\nlast');
    for (const byte of bytes) {
      writeSync(log.descriptor, Buffer.from([byte]));
      log.poll();
    }
    expect(lines).toEqual(['one', '算力 two']);
    log.close();
    expect(lines).toEqual(['one', '算力 two', 'last']);
  });

  it('does not show again what an earlier run wrote', () => {
    appendFileSync(path, 'old\n');
    const lines: string[] = [];
    const log = new LogFile(path, (line) => lines.push(line));
    writeSync(log.descriptor, 'new\n');
    log.close();
    expect(lines).toEqual(['new']);
  });

  it('stays below its limit, keeps so many older files, and loses no line on the way', () => {
    const lines: string[] = [];
    const log = new LogFile(path, (line) => lines.push(line), { limitBytes: 100, kept: 2 });
    for (let number = 0; number < 100; number++) {
      writeSync(log.descriptor, `line ${number}\n`);
      log.poll();
    }
    log.close();
    expect(lines).toEqual(Array.from({ length: 100 }, (_, number) => `line ${number}`));
    expect(statSync(path).size).toBeLessThanOrEqual(110);
    expect(existsSync(`${path}.2`)).toBe(true);
    expect(existsSync(`${path}.3`)).toBe(false);
    const kept = [`${path}.2`, `${path}.1`, path].map((file) => readFileSync(file, 'utf8')).join('');
    expect(lines.join('\n').endsWith(kept.trimEnd())).toBe(true);
  });
});

const line = (level: string) => JSON.stringify({ level, time: '2026-01-02T03:04:05.006Z', msg: 'saved' });

describe('a log line on the terminal', () => {
  it('is shown when it is a warning or worse', () => {
    expect(formatLogLine('api', line('warn'), { isVerbose: false })).toMatch(/ WARN \[api\] saved$/);
    expect(formatLogLine('api', line('error'), { isVerbose: false })).toMatch(/ ERROR \[api\] saved$/);
    expect(formatLogLine('api', line('info'), { isVerbose: false })).toBeNull();
  });

  it('is shown whatever its level on request', () => {
    expect(formatLogLine('api', line('debug'), { isVerbose: true })).toMatch(/ DEBUG \[api\] saved$/);
  });

  it('is shown as it is when it is no log line', () => {
    expect(formatLogLine('api', 'Segmentation fault', { isVerbose: false })).toBe('[api] Segmentation fault');
    expect(formatLogLine('api', '{"a":1}', { isVerbose: false })).toBe('[api] {"a":1}');
  });
});
