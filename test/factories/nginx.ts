import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, programDirectories } from '../../scripts/lib/files.mjs';
import { freePort } from '../../scripts/lib/ports.mjs';
import { waitUntil } from './wait.js';

const configuration = fileURLToPath(new URL('../../docker/nginx/', import.meta.url));

/** The real nginx with our configuration, as an ordinary child process on a free port. */
export interface TestNginx {
  readonly url: string;
  /** The lines of the access log so far. */
  accessLog(): string[];
  stop(): Promise<void>;
}

/** A file of docker/nginx as it stands. */
function shipped(name: string): string {
  return readFileSync(join(configuration, name), 'utf8');
}

/** A copy of our configuration, of which the two files that differ from place to place are made anew. */
function writeConfiguration(directory: string, upstream: string, listen: string): void {
  cpSync(configuration, directory, { recursive: true });
  mkdirSync(join(directory, 'logs'));
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const temporary = places.map((name) => `${name}_temp_path ${directory}/${name};`);
  writeFileSync(join(directory, 'upstream.conf'), [...temporary, upstream].join('\n'));
  writeFileSync(join(directory, 'listen.conf'), listen);
}

function programArguments(directory: string): string[] {
  // Started by root, nginx would run its workers as somebody who may not look into this directory.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const globals = `daemon off; pid ${directory}/nginx.pid; error_log stderr; ${user}`;
  return ['-p', directory, '-c', join(directory, 'nginx.conf'), '-g', globals];
}

function nginxProgram(): string {
  const program = findProgram(['nginx'], programDirectories());
  if (!program) throw new Error('There is no nginx: run tests with `npm test`, which installs it.');
  return program;
}

function makeDirectory(): string {
  return mkdtempSync(join(process.env['TEST_RUN_DIRECTORY'] ?? tmpdir(), 'nginx-'));
}

/**
 * Has nginx check the configuration as it stands in docker/nginx. The installed nginx may be too old to look
 * containers up again and again, so their name is an address here.
 * @throws with what nginx said.
 */
export function checkShippedConfiguration(): void {
  const directory = makeDirectory();
  const upstream = shipped('upstream.conf').replaceAll('api:3000 resolve', '127.0.0.1:3000');
  const listen = shipped('listen.conf').replace('/var/log/nginx', join(directory, 'logs'));
  writeConfiguration(directory, upstream, listen);
  execFileSync(nginxProgram(), [...programArguments(directory), '-t'], { stdio: 'pipe' });
  rmSync(directory, { recursive: true });
}

/**
 * Starts nginx before these API processes, with the figures of docker/nginx/upstream.conf. `adjust` is given each file
 * of the configuration, to make limits small enough to be reached.
 */
export async function startNginx(
  apiUrls: string[],
  adjust: (text: string) => string = (text) => text,
): Promise<TestNginx> {
  const directory = makeDirectory();
  const port = await freePort();
  const shippedUpstream = shipped('upstream.conf');
  if (!/^ *server api:3000 resolve /m.test(shippedUpstream)) {
    throw new Error('docker/nginx/upstream.conf names no server api:3000.');
  }
  const upstream = shippedUpstream
    .replace(/^ *server api:3000 resolve (.*);/gm, (_, figures: string) =>
      apiUrls.map((url) => `server ${new URL(url).host} ${figures};`).join('\n'),
    )
    .replace(/^resolver .*;/m, '');
  const listen = `listen 127.0.0.1:${port}; access_log ${directory}/logs/access.log lockkeeper;`;
  writeConfiguration(directory, upstream, listen);
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const path = join(directory, name);
    if (name.endsWith('.conf')) writeFileSync(path, adjust(readFileSync(path, 'utf8')));
  }
  const child = spawn(nginxProgram(), programArguments(directory), { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  await waitUntil('nginx listening', () => {
    if (child.exitCode !== null) throw new Error(`nginx ended:\n${errors}`);
    return isListening(port);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    accessLog: () =>
      readFileSync(join(directory, 'logs', 'access.log'), 'utf8')
        .trim()
        .split('\n'),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => (socket.destroy(), resolve(true)));
    socket.on('error', () => resolve(false));
  });
}
