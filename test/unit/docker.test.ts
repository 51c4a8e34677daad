import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseEnv } from 'node:util';
import { configDefinitions } from '../../src/app.config.js';
import { loadConfig } from '../../src/platform/config/index.js';

const root = new URL('../../', import.meta.url);
const text = (path: string) => readFileSync(new URL(path, root), 'utf8');
const exists = (path: string) => existsSync(new URL(path, root));

/** The part of a YAML text below a key, up to the next key that is indented as little. */
function section(yaml: string, key: string, indent: number): string {
  const lines = yaml.split('\n');
  const heading = `${' '.repeat(indent)}${key}:`;
  const start = lines.findIndex((line) => line === heading || line.startsWith(`${heading} &`));
  if (start === -1) throw new Error(`There is no ${key}.`);
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /\S/.test(line) && line.search(/\S/) <= indent);
  return rest.slice(0, end === -1 ? undefined : end).join('\n');
}

describe('docker/compose.yaml', () => {
  const compose = text('docker/compose.yaml');
  const services = section(compose, 'services', 0);
  const names = [...services.matchAll(/^ {2}(\w+):/gm)].map((match) => match[1] ?? '');

  it('runs the product whole', () => {
    expect(names).toEqual(['mysql', 'redis', 'migrate', 'api', 'worker', 'nginx', 'prometheus', 'grafana']);
  });

  it('watches itself only if asked to, within bounds', () => {
    const watching = names.filter((name) => section(services, name, 2).includes('profiles:'));
    expect(watching).toEqual(['prometheus', 'grafana']);
    for (const name of watching) {
      const service = section(services, name, 2);
      expect(service).toContain('profiles: [monitoring]');
      expect(section(section(service, 'deploy', 4), 'resources', 6)).toMatch(/limits: \{ memory: \d+[mg] \}/);
    }
    expect(section(services, 'prometheus', 2)).toMatch(/retention\.time=\d+d\n.*retention\.size=\d+GB/);
  });

  it('gives those that watch their secrets as files, from variables that nobody else is asked for', () => {
    const secrets = section(compose, 'secrets', 0);
    for (const [name, variable] of [
      ['metrics_token', 'LOCKKEEPER_METRICS_TOKEN'],
      ['grafana_password', 'GRAFANA_PASSWORD'],
    ] as const) {
      expect(section(secrets, name, 2).trim()).toBe(`environment: ${variable}`);
      expect(services).toContain(`secrets: [${name}]`);
    }
    const config = text('docker/prometheus/prometheus.yml');
    expect(config).toContain('credentials_file: /run/secrets/metrics_token');
    expect(section(services, 'grafana', 2)).toContain('PASSWORD__FILE: /run/secrets/grafana_password');
  });

  it.each(names)('pins the image of %s', (name) => {
    const service = section(services, name, 2);
    if (service.includes('<<: *app')) return;
    expect(service).toMatch(/^ {4}image: [a-z]+(?:\/[a-z]+)?:v?\d+\.\d+[\w.-]*$/m);
  });

  it.each(names.filter((name) => name !== 'migrate'))('checks the health of %s and restarts it', (name) => {
    const service = section(services, name, 2);
    expect(service).toContain('restart: unless-stopped');
    // The image of the API brings its own check.
    if (name === 'api') expect(text('docker/Dockerfile')).toMatch(/^HEALTHCHECK .*\n.*\/health\/live/m);
    else expect(section(service, 'healthcheck', 4)).toContain('test:');
  });

  it('requires its secrets: none has a default', () => {
    const secrets = [...compose.matchAll(/\$\{(\w*(?:PASSWORD|SECRET|KEY)\w*)([^}]*)\}/g)];
    expect(new Set(secrets.map((match) => match[1]))).toEqual(
      new Set(['MYSQL_PASSWORD', 'LOCKKEEPER_SECRET']),
    );
    for (const [, name, rule] of secrets) expect(rule, name).toMatch(/^:\?\S/);
    expect(compose).not.toMatch(/(PASSWORD|SECRET): (?!\$\{|'1')/);
  });

  it('publishes on loopback alone', () => {
    const ports = [...services.matchAll(/^ {4}ports:\n((?: {6}- .*\n)+)/gm)].flatMap((match) =>
      (match[1] ?? '').trim().split('\n'),
    );
    expect(ports).toHaveLength(5);
    for (const port of ports) expect(port.trim()).toMatch(/^- 127\.0\.0\.1:/);
  });

  it('gives what npm start expects of mysql and redis', () => {
    const mysql = section(services, 'mysql', 2);
    expect(mysql).toContain('127.0.0.1:${MYSQL_PUBLISHED_PORT:-}:3306');
    expect(mysql).toMatch(/DATABASE: lockkeeper\n\s+MARIADB_USER: lockkeeper/);
    const redis = section(services, 'redis', 2);
    expect(redis).toContain('127.0.0.1:${REDIS_PUBLISHED_PORT:-}:6379');
    expect(redis).toMatch(/--appendonly, 'yes'.*--maxmemory-policy, noeviction/);
    // Compose asks for every required variable, whatever it starts.
    const required = [...compose.matchAll(/\$\{(\w+):\?/g)].map((match) => match[1] ?? '');
    const engine = text('scripts/lib/docker-engine.mjs');
    for (const name of required) expect(engine).toContain(`'${name}'`);
  });

  it('lets any process answer for the metrics of all', () => {
    const app = section(compose, 'x-app', 0);
    expect(app).toMatch(/^ {4}LOCKKEEPER_RUN_DIR: \/run\/lockkeeper$/m);
    expect(section(app, 'volumes', 2)).toContain('- run:/run/lockkeeper');
    expect(text('docker/Dockerfile')).toContain('install -d -o node -g node -m 700 /run/lockkeeper');
    expect(text('docker/prometheus/prometheus.yml')).toMatch(/^ +- targets: \[api:3000\]$/m);
  });

  it('keeps what users upload on a volume that API and worker share, at a place that is theirs', () => {
    const app = section(compose, 'x-app', 0);
    const directory = /^ {4}LOCKKEEPER_STORAGE_DIR: (\S+)$/m.exec(app)?.[1] ?? '';
    expect(section(app, 'volumes', 2)).toContain(`- files:${directory}\n`);
    expect(section(compose, 'volumes', 0)).toMatch(/^ {2}files:$/m);
    // What a volume is mounted on in the image is whose the volume becomes.
    expect(text('docker/Dockerfile')).toMatch(
      new RegExp(`install -d -o node -g node -m 700 .*${directory}(?: |$)`, 'm'),
    );
    for (const name of ['api', 'worker', 'migrate']) {
      const service = section(services, name, 2);
      expect(service).toContain('<<: *app');
      // One of its own would take the place of all that is shared.
      expect(service).not.toMatch(/^ {4}(?:volumes|environment):/m);
    }
  });

  it('sets only variables that the product knows, to values that it takes', () => {
    const lines = section(section(compose, 'x-app', 0), 'environment', 2);
    const settings = lines
      .split('\n')
      .map((line) => line.trim().replace(': ', '='))
      .map((line) => line.replaceAll(/\$\{[^}]*\}/g, 'a-value-of-some-length-that-is-long-enough'));
    const environment = parseEnv(settings.join('\n'));
    expect(environment).toHaveProperty('LOCKKEEPER_DATABASE_URL');
    expect(() => loadConfig(environment, configDefinitions)).not.toThrow();
  });

  it('mounts files that exist', () => {
    const mounts = [...services.matchAll(/^ {6}- \.\/(\S+?):/gm)].map((match) => match[1]);
    expect(mounts).toHaveLength(8);
    for (const path of mounts) expect(exists(`docker/${path}`), path).toBe(true);
  });
});

describe('docker/Dockerfile', () => {
  const dockerfile = text('docker/Dockerfile');

  it('pins its images, runs as an ordinary user, and leaves out what only development needs', () => {
    const images = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map((match) => match[1]);
    expect(new Set(images)).toEqual(new Set(['node:24-bookworm-slim']));
    const last = dockerfile.slice(dockerfile.lastIndexOf('FROM '));
    expect(last).toMatch(/^USER node$/m);
    expect(dockerfile).toContain('npm prune --omit=dev');
  });

  it('copies what exists and what .dockerignore lets through', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) =>
      (match[1] ?? '').split(' '),
    );
    expect(copied).toContain('migrations');
    const allowed = text('.dockerignore').split('\n');
    for (const path of copied) {
      expect(exists(path), path).toBe(true);
      expect(allowed).toContain(`!${path}`);
    }
  });
});
