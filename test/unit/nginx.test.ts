import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fileConfig } from '../../src/modules/file/index.js';
import { logsConfig } from '../../src/modules/logs/index.js';
import { loadConfig } from '../../src/platform/config/index.js';
import { httpConfig } from '../../src/platform/http/index.js';

const root = new URL('../../', import.meta.url);
const text = (path: string) => readFileSync(new URL(path, root), 'utf8');

describe('docker/nginx', () => {
  const nginx = text('docker/nginx/nginx.conf');
  const proxy = text('docker/nginx/snippets/proxy.conf');
  const bulk = text('docker/nginx/snippets/bulk-body.conf');
  const stream = text('docker/nginx/snippets/event-stream.conf');
  /** What stands in a location, of whatever kind of match. */
  const location = (path: string) => {
    const start = nginx
      .split('\n')
      .findIndex((line) => line.startsWith('    location ') && line.endsWith(`${path} {`));
    if (start === -1) throw new Error(`There is no location ${path}.`);
    const rest = nginx.split('\n').slice(start + 1);
    return rest.slice(0, rest.indexOf('    }')).join('\n');
  };

  it('has the figures that it is known by', () => {
    const upstream = text('docker/nginx/upstream.conf');
    for (const figure of ['least_conn;', 'keepalive 128;', 'max_fails=3 fail_timeout=30s;']) {
      expect(upstream).toContain(`  ${figure}`.replace('  max', ' max'));
    }
    for (const figure of [
      'zone=reads:10m rate=10000r/s;',
      'zone=writes:10m rate=10000r/s;',
      'limit_req zone=reads burst=200 nodelay;',
      'limit_req zone=writes burst=20000 nodelay;',
      'limit_conn connections 1000;',
    ]) {
      expect(nginx).toContain(figure);
    }
    for (const figure of [
      'proxy_http_version 1.1;',
      'proxy_connect_timeout 5s;',
      'proxy_send_timeout 10s;',
      'proxy_read_timeout 30s;',
    ]) {
      expect(proxy).toContain(figure);
    }
    expect(location('= /api/log')).toContain('proxy_read_timeout 10s;');
    expect(location('~ ^/health(/|$)')).toContain('access_log off;');
    expect(location('= /nginx_status')).toMatch(/allow 127\.0\.0\.1;\s+allow ::1;\s+deny all;/);
  });

  it('repeats no POST that was sent', () => {
    const rules = [nginx, proxy, bulk, stream].join('\n').match(/^\s*proxy_next_upstream .*$/gm);
    expect(rules).toEqual(['proxy_next_upstream error timeout;']);
  });

  it('takes bodies as large as the API does', () => {
    const config = loadConfig({}, [httpConfig, logsConfig]);
    const megabytes = (conf: string) => Number(/client_max_body_size (\d+)m;/.exec(conf)?.[1]) * 1024 * 1024;
    expect(megabytes(nginx)).toBe(config.get(httpConfig).bodyLimitBytes);
    expect(megabytes(bulk)).toBe(config.get(httpConfig).bulkBodyLimitBytes);
    for (const path of ['/api/logs/batch', '/api/logs/ndjson', '/v1/logs', '/loki/api/v1/push']) {
      expect(location(`= ${path}`)).toContain('include snippets/bulk-body.conf;');
    }
    // The API answers a request that waits to be stored before nginx gives it up.
    expect(config.get(logsConfig).storedWaitMs).toBeLessThan(10_000);
  });

  it('takes files as large as the API does, and keeps none of them', () => {
    const upload = text('docker/nginx/snippets/upload-body.conf');
    const limit = Number(/client_max_body_size (\d+)m;/.exec(upload)?.[1]) * 1024 * 1024;
    expect(limit).toBeGreaterThan(loadConfig({}, [fileConfig]).get(fileConfig).maxBytes);
    expect(upload).toContain('proxy_request_buffering off;');
    expect(location('= /api/files')).toContain('include snippets/upload-body.conf;');
  });

  it('gathers nothing on streaming routes', () => {
    expect(stream).toMatch(/^proxy_buffering off;\ngzip off;$/m);
    for (const path of [
      '= /api/logs/tail',
      '= /v1/chat/completions',
      '~ ^/api/chat(/|$)',
      '~ ^/api/files/[^/]+/progress/stream$',
      '~ ^/api/conversations/[^/]+/turns/[^/]+/stream$',
    ]) {
      expect(location(path)).toContain('include snippets/event-stream.conf;');
    }
  });

  it('has an answer for each error in each shape', () => {
    const answers = ['error-answers', 'ingestion-error-answers'].map((name) =>
      text(`docker/nginx/snippets/${name}.conf`),
    );
    const statuses = [
      ...text('docker/nginx/snippets/errors.conf').matchAll(/@\$\{error_shape\}_(\d+);/g),
    ].map((match) => match[1]);
    expect(new Set(statuses)).toEqual(new Set(['404', '413', '429', '502', '503', '504']));
    for (const status of statuses) {
      // Below the routes of OTLP and Loki nothing is forbidden or missing for nginx.
      const shapes =
        status === '404'
          ? ['problem', 'openai']
          : ['problem', 'openai', 'otlp_json', 'otlp_protobuf', 'plain'];
      for (const shape of shapes) expect(answers.join('\n')).toContain(`location @${shape}_${status} {`);
    }
    const statusesInProtobuf = answers.join('\n').split("'\u0012").slice(1);
    expect(statusesInProtobuf).toHaveLength(5);
    for (const [length = '', ...rest] of statusesInProtobuf) {
      expect(rest.indexOf("'")).toBe(length.charCodeAt(0));
    }
  });
});
