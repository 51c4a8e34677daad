import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { identifyProcess, isRunning, stopProcess } from '../../../scripts/lib/processes.mjs';
import { stopLeftovers, Supervisor } from '../../../scripts/lib/supervisor.mjs';

let runDirectory: string;
let children: ChildProcess[];

beforeEach(() => {
  runDirectory = mkdtempSync(join(tmpdir(), 'lockkeeper-supervisor-'));
  children = [];
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(runDirectory, { recursive: true });
});

function run(command: string, ...args: string[]) {
  const child = spawn(command, args);
  children.push(child);
  const pid = child.pid ?? 0;
  const identity = identifyProcess(pid) ?? { pid, started: 'gone' };
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const stop = (graceMs: number) => stopProcess(identity, graceMs);
  return { identity, exited, stop, kill: () => void child.kill('SIGKILL') };
}

function supervise(command: string, ...args: string[]) {
  const gaveUp = vi.fn<(message: string) => void>();
  const supervisor = new Supervisor({
    name: 'api',
    runDirectory,
    graceMs: 2_000,
    backoffMs: 1,
    onGiveUp: gaveUp,
    start: async (onSpawn) => {
      const running = run(command, ...args);
      onSpawn(running);
      return running;
    },
  });
  return { supervisor, gaveUp };
}

describe('a supervisor', () => {
  it('starts a process again that ended by itself', async () => {
    const { supervisor, gaveUp } = supervise('sleep', '60');
    await supervisor.start();
    children[0]?.kill('SIGKILL');
    await vi.waitFor(() => expect(children).toHaveLength(2));
    expect(gaveUp).not.toHaveBeenCalled();
    await supervisor.stop();
  });

  it('gives up on a process that ends more than five times within a minute', async () => {
    const { supervisor, gaveUp } = supervise('true');
    await supervisor.start();
    await vi.waitFor(() => expect(gaveUp).toHaveBeenCalledWith('api ended 6 times within a minute.'), 5_000);
    expect(children).toHaveLength(6);
  });

  it('stops the process for good, and forgets it', async () => {
    const { supervisor } = supervise('sleep', '60');
    await supervisor.start();
    expect(existsSync(join(runDirectory, 'api.json'))).toBe(true);
    await supervisor.stop();
    expect(children.map((child) => isRunning(identifyProcess(child.pid ?? 0)))).toEqual([false]);
    expect(existsSync(join(runDirectory, 'api.json'))).toBe(false);
  });

  it('kills a process that does not end in time', async () => {
    const supervisor = new Supervisor({
      name: 'api',
      runDirectory,
      graceMs: 50,
      onGiveUp: vi.fn<(message: string) => void>(),
      start: async (onSpawn) => {
        const running = run('sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.1; done');
        onSpawn(running);
        await new Promise((resolve) => children[0]?.stdout?.once('data', resolve));
        return running;
      },
    });
    await supervisor.start();
    await supervisor.stop();
    await vi.waitFor(() => expect(children[0]?.signalCode).toBe('SIGKILL'));
  });
});

describe('what a killed launcher left', () => {
  it('is stopped', async () => {
    const { identity } = run('sleep', '60');
    writeFileSync(join(runDirectory, 'worker.json'), JSON.stringify({ ...identity, graceMs: 2_000 }));
    expect(await stopLeftovers(runDirectory)).toEqual(['worker']);
    expect(isRunning(identity)).toBe(false);
  });

  it('is not mistaken for another process that got its pid', async () => {
    const { identity } = run('sleep', '60');
    const earlier = { pid: identity.pid, started: `${identity.started}0`, graceMs: 2_000 };
    writeFileSync(join(runDirectory, 'worker.json'), JSON.stringify(earlier));
    expect(await stopLeftovers(runDirectory)).toEqual([]);
    expect(isRunning(identity)).toBe(true);
    expect(existsSync(join(runDirectory, 'worker.json'))).toBe(false);
  });
});
