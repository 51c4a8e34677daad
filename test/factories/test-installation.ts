import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { identifyProcess, isRunning, type ProcessIdentity } from '../../scripts/lib/processes.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

export const START_TIMEOUT_MS = 60_000;

/** A command of the project that runs, or has run, and what it wrote. */
export interface RunningCommand {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exitCode: Promise<number | null>;
}

export interface Credentials {
  url: string;
  email: string;
  password: string;
  api_key: string;
}

/** Below the directory of the whole test run, if there is one, which is removed even if this test is cut short. */
function makeDirectory(prefix: string): string {
  return mkdtempSync(join(process.env['TEST_RUN_DIRECTORY'] ?? tmpdir(), prefix));
}

/** One installation of the product in a data directory of its own, run by the project's own commands. */
export class TestInstallation {
  readonly dataDirectory = makeDirectory('installation-');
  readonly #programs = makeDirectory('programs-');

  private constructor(readonly port: number) {
    // Whatever this machine has: no Docker engine answers here.
    const docker = join(this.#programs, 'docker');
    writeFileSync(docker, '#!/bin/sh\nexit 1\n');
    chmodSync(docker, 0o755);
  }

  static async create(): Promise<TestInstallation> {
    return new TestInstallation(await freePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What a shell in this installation would have set. */
  environment(): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(LOCKKEEPER_|VITEST|NODE_ENV$)/.test(name),
    );
    return {
      ...Object.fromEntries(inherited),
      PATH: [this.#programs, dirname(process.execPath), process.env['PATH']].join(delimiter),
      LOCKKEEPER_DATA_DIR: this.dataDirectory,
      PORT: String(this.port),
      npm_lifecycle_event: 'test-installation',
    };
  }

  /** Runs a command of scripts/, as its npm script would. */
  run(script: string, args: string[] = [], env: NodeJS.ProcessEnv = {}): RunningCommand {
    const child = spawn(process.execPath, [join(root, 'scripts', script), ...args], {
      env: { ...this.environment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    const exitCode = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { child, output: () => output, exitCode };
  }

  /** Starts the product and waits until it says that it is ready. */
  async start(args: string[] = []): Promise<RunningCommand> {
    return waitForOutput(this.run('start.mjs', ['--no-install', ...args]), 'Ctrl-C stops everything');
  }

  credentials(): Credentials {
    return JSON.parse(readFileSync(join(this.dataDirectory, 'credentials.json'), 'utf8')) as Credentials;
  }

  /** Who runs under this name (api, worker, mariadb, redis), if anybody does. */
  process(name: string): ProcessIdentity | null {
    try {
      const record = readFileSync(join(this.dataDirectory, 'run', `${name}.json`), 'utf8');
      const identity = JSON.parse(record) as ProcessIdentity;
      return isRunning(identity) ? identity : null;
    } catch {
      return null;
    }
  }

  processes(): ProcessIdentity[] {
    return ['api', 'worker', 'mariadb', 'redis'].flatMap((name) => this.process(name) ?? []);
  }

  /** Stops whatever runs and removes every file. */
  async remove(): Promise<void> {
    await this.run('stop.mjs').exitCode;
    rmSync(this.dataDirectory, { recursive: true, force: true });
    rmSync(this.#programs, { recursive: true, force: true });
  }
}

/**
 * Waits until a command has written a text.
 * @throws with all it wrote, if it ends before.
 */
export async function waitForOutput(command: RunningCommand, text: string): Promise<RunningCommand> {
  let hasEnded = false;
  void command.exitCode.then(() => (hasEnded = true));
  await vi.waitUntil(() => hasEnded || command.output().includes(text), START_TIMEOUT_MS);
  if (hasEnded) throw new Error(`The command ended:\n${command.output()}`);
  return command;
}

/** Kills one process outright and waits until it is gone. */
export async function killOutright(pid: number | undefined): Promise<void> {
  // 0 would be this test's own process group.
  if (!pid) throw new Error('The process to be killed does not run.');
  process.kill(pid, 'SIGKILL');
  await vi.waitUntil(() => identifyProcess(pid) === null);
}
