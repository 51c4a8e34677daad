import { it } from 'vitest';
import { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import { spawn } from 'node:child_process';
import { OwnRedis } from '../factories/own-redis.js';
it('x', async () => {
  const r = await OwnRedis.start();
  const dd = spawn('bash', ['-c', 'for i in $(seq 40); do dd if=/dev/zero of=/tmp/lf-dd bs=1M count=60 conv=fsync 2>/dev/null; done; rm -f /tmp/lf-dd'], {});
  let lost = 0, n = 0, bad = 0;
  for (let round = 0; round < 25; round++) {
    const c = new Redis(r.url, { retryStrategy: () => null, maxRetriesPerRequest: 0 }); c.on('error', () => {});
    let over = false; const acked: string[] = [];
    const loop = (async (id: number) => { for (let i = 0; !over; i++) { const k = `${round}:${id}:${i}`; try { await c.set(k, 'x'.repeat(2000)); acked.push(k); } catch { return; } } });
    const loops = [0,1,2,3,4,5,6,7].map(loop);
    await delay(300 + Math.random() * 1200);
    await r.kill(); over = true; await Promise.all(loops); c.disconnect();
    await r.startAgain();
    const d = new Redis(r.url); const got = await d.exists(...acked.slice(-5000)); const miss = Math.min(acked.length, 5000) - got;
    lost += miss; n += acked.length; if (miss) bad++;
    await d.flushall(); d.disconnect();
  }
  dd.kill('SIGKILL');
  console.log({ lost, n, bad });
  await r.dispose();
}, 120000);
