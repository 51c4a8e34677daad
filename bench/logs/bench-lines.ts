/** The lines of the benchmark: some 280 bytes each as JSON, of a hundred devices, all with data. */

export const DEVICES = 100;
/** Requests that are made ahead; after the last the first is sent again. */
const PREPARED_REQUESTS = 64;
/** Of a hundred lines, in shares as services write them. */
const LEVELS = [
  ...Array.from({ length: 20 }, () => 'DEBUG'),
  ...Array.from({ length: 60 }, () => 'INFO'),
  ...Array.from({ length: 14 }, () => 'WARNING'),
  ...Array.from({ length: 5 }, () => 'ERROR'),
  'CRITICAL',
];
const PATHS = ['orders', 'carts', 'users', 'sessions', 'invoices', 'articles', 'images'];

/** A line as a client sends it. */
export interface BenchLine {
  device_id: string;
  log_level: string;
  message: string;
  log_data: Record<string, unknown>;
}

export function deviceName(number: number): string {
  return `device-${String(number).padStart(4, '0')}`;
}

/** The line of a number: the same number always gives the same. */
export function benchLine(number: number, devices = DEVICES): BenchLine {
  // A multiplier that is prime to all of the lengths, so that devices, levels and paths go together in all ways.
  const shuffled = Math.imul(number, 0x9e3779b1) >>> 0;
  const path = PATHS[shuffled % PATHS.length] ?? '';
  const durationMs = 1 + (shuffled % 997);
  return {
    device_id: deviceName(number % devices),
    log_level: LEVELS[shuffled % LEVELS.length] ?? 'INFO',
    message: `GET /api/${path}/${shuffled} was answered with 200 after ${durationMs} ms by worker ${shuffled % 16}`,
    log_data: {
      path: `/api/${path}`,
      status: 200,
      duration_ms: durationMs,
      user_agent: 'okhttp/4.12.0 (Linux; Android 14)',
      region: `zone-${shuffled % 8}`,
    },
  };
}

/** Whole HTTP requests with so many lines each, to `POST /api/log` if it is one. */
export function preparedRequests(linesEach: number, apiKey: string, isBatch = linesEach > 1): Buffer[] {
  const path = isBatch ? '/api/logs/batch' : '/api/log';
  return Array.from({ length: PREPARED_REQUESTS }, (_, index) => {
    const lines = Array.from({ length: linesEach }, (_line, line) => benchLine(index * linesEach + line));
    return httpRequest(path, apiKey, isBatch ? { logs: lines } : lines[0]);
  });
}

function httpRequest(path: string, apiKey: string, body: unknown): Buffer {
  const bytes = Buffer.from(JSON.stringify(body));
  const head =
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${apiKey}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}
