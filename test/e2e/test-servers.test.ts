import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  killOutright,
  type RunningCommand,
  TestInstallation,
  waitForOutput,
} from '../factories/test-installation.js';

const directoryOf = (command: RunningCommand) => /^# files in (\S+);/m.exec(command.output())?.[1] ?? '';

describe('servers for tests', () => {
  let installation: TestInstallation;

  beforeAll(async () => {
    installation = await TestInstallation.create();
  });

  afterAll(() => installation.remove());

  const startServers = () => waitForOutput(installation.run('services.mjs'), 'Ctrl-C ends them');

  it('are gone, with their files, when their owner is told to stop', async () => {
    const command = await startServers();
    expect(existsSync(directoryOf(command))).toBe(true);
    command.child.kill('SIGINT');
    await command.exitCode;
    expect(existsSync(directoryOf(command))).toBe(false);
  });

  it('that a killed owner left are removed by the next', async () => {
    const killed = await startServers();
    await killOutright(killed.child.pid);
    expect(existsSync(directoryOf(killed))).toBe(true);
    const next = await startServers();
    expect(existsSync(directoryOf(killed))).toBe(false);
    next.child.kill('SIGINT');
    await next.exitCode;
  });
});
