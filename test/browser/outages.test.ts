import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsolePage, launchBrowser } from './console-page.js';
import { type ConsoleProduct, startConsoleProduct } from '../factories/console-product.js';
import { createTcpProxy, type TcpProxy } from '../factories/tcp-proxy.js';
import { createTestRedis } from '../factories/test-redis.js';

describe('the console while a part is missing', () => {
  let redis: TcpProxy;
  let product: ConsoleProduct;
  let browser: Browser;

  beforeAll(async () => {
    redis = await createTcpProxy(await createTestRedis());
    [product, browser] = await Promise.all([
      startConsoleProduct({ LOCKKEEPER_REDIS_URL: redis.url }),
      launchBrowser(),
    ]);
  });

  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  test('works without Redis, says so, and says when it is back', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await console.signIn(product, 'overview');
    const badge = page.locator('header').getByRole('status');
    await badge.getByText('Live').waitFor();
    await redis.cut();
    await badge.getByText('Degraded').waitFor();
    await page.getByRole('alert').getByText('Redis is down').waitFor();
    await console.takePicture('overview-without-redis');
    await console.follow('Processes');
    await page.getByRole('cell', { name: /api-/ }).first().waitFor();
    await console.follow('Schedules');
    await page.getByRole('link', { name: 'forget-schedule-history' }).waitFor();
    await console.follow('Queues');
    await page.getByRole('alert').filter({ hasText: 'queues_unavailable' }).waitFor();
    await console.takePicture('queues-without-redis');
    await redis.restore();
    await badge.getByText('Live').waitFor();
    await page.getByRole('link', { name: 'message_index' }).waitFor();
    expect(console.offences).toEqual([]);
  });

  test('finds its way back to the stream when the API was away', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await console.signIn(product, 'overview');
    const badge = page.locator('header').getByRole('status');
    await badge.getByText('Live').waitFor();
    await product.api.kill();
    await badge.getByText('Reconnecting').waitFor();
    await product.product.startApi({ PORT: new URL(product.api.url).port });
    await badge.getByText('Live').waitFor();
  });
});
