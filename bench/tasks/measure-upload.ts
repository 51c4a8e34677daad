import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchContext, Row } from '../lib/benchmark.ts';
import { atMost } from '../lib/goals.ts';
import { ProcessMeter } from '../lib/process-meter.ts';
import { round } from '../lib/report.ts';
import { createUsers } from '../lib/users.ts';
import { createInstallation, type PartResult, removeInstallation } from './part.ts';
import { uploadStream } from './uploads.ts';

const BYTES = 200_000_000;
const QUICK_BYTES = 20_000_000;
const ROUNDS = 3;
const PIECE_BYTES = 64 * 1024;
/** Until this many have been read, code that is compiled for the first time counts as growth. */
const WARM_UPS = 20;
const WARM_UP_BYTES = 200_000;
const REST_MS = 2_000;
const MAX_GROWTH_MIB = 64;

/** Large files, one after the other, and what memory the API has at the most while each comes in. */
export async function measureUpload(context: BenchContext): Promise<PartResult> {
  const { isQuick } = context.settings;
  const installation = await createInstallation(context);
  const [user] = await createUsers(installation.environment, 1, 0n, ['files']);
  const api = await installation.product.startApi();
  const send = (bytes: number) =>
    uploadStream(api.url, user?.apiKey ?? '', `${randomBytes(4).toString('hex')}.txt`, textOf(bytes));
  for (let number = 0; number < WARM_UPS; number++) await send(WARM_UP_BYTES);
  await delay(REST_MS);
  const bytes = isQuick ? QUICK_BYTES : BYTES;
  const rows: Row[] = [];
  let growthMib = 0;
  let idleMib = Number.NaN;
  for (let number = 0; number < ROUNDS; number++) {
    context.report(`Upload of ${bytes} bytes, ${number + 1} of ${ROUNDS}`);
    const meter = new ProcessMeter(new Map([['api', api.pid]]));
    const before = meter.read().get('api');
    if (number === 0) idleMib = before?.rssMib ?? Number.NaN;
    const startedAt = performance.now();
    await send(bytes);
    const seconds = (performance.now() - startedAt) / 1000;
    const after = meter.read().get('api');
    meter.stop();
    const peakMib = meter.peakRssMib('api');
    growthMib = Math.max(growthMib, peakMib - idleMib);
    rows.push({
      upload: number + 1,
      mb: bytes / 1e6,
      seconds: round(seconds),
      mb_per_s: round(bytes / 1e6 / seconds),
      api_cpu_s: round((after?.cpuSeconds ?? Number.NaN) - (before?.cpuSeconds ?? Number.NaN)),
      rss_before_mib: round(before?.rssMib ?? Number.NaN),
      rss_peak_mib: round(peakMib),
      rss_after_mib: round(after?.rssMib ?? Number.NaN),
    });
    context.report(
      `Upload: ${seconds.toFixed(1)} s, ${(peakMib - idleMib).toFixed(0)} MiB more than at rest`,
    );
    await delay(REST_MS);
  }
  await api.stop();
  await removeInstallation(installation);
  return {
    tables: [{ title: `Upload of a large file (API at rest before: ${round(idleMib)} MiB)`, rows }],
    goals: [atMost(MAX_GROWTH_MIB, 'MiB', 'growth of the API while a large file comes in', growthMib)],
  };
}

/** Text of its own, made as it is asked for. */
function* textOf(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= PIECE_BYTES) {
    const piece = randomBytes(PIECE_BYTES / 2).toString('hex');
    yield Buffer.from(piece.slice(0, Math.min(left, PIECE_BYTES)));
  }
}
