import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsolePage, launchBrowser } from './console-page.js';
import { type ConsoleProduct, startConsoleProduct } from '../factories/console-product.js';
import { waitUntil } from '../factories/wait.js';

/** Within this an operator who looks at the console is to see that the worker is gone. */
const VERDICT_MS = 15_000;

describe('an operator at the console', () => {
  let product: ConsoleProduct;
  let browser: Browser;

  beforeAll(async () => {
    [product, browser] = await Promise.all([startConsoleProduct(), launchBrowser()]);
  });

  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  test('runs a schedule now and sees it succeed', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await console.signIn(product, 'schedules');
    await page.getByRole('link', { name: 'forget-schedule-history' }).click();
    await page.getByRole('heading', { name: 'forget-schedule-history', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Run now' }).click();
    const row = page.getByRole('row', { name: /Succeeded an operator/ });
    await row.waitFor();
    expect(await row.count()).toBe(1);
    expect(console.offences).toEqual([]);
  });

  test('changes when a schedule is due, is told what is wrong with a cron, and goes back to the default', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await console.signIn(product, 'schedules/forget-schedule-history');
    await page.getByRole('button', { name: 'Change cron' }).click();
    const dialog = page.getByRole('dialog');
    const input = dialog.getByLabel('Cron expression (UTC)');
    await input.fill('61 * * * *');
    await dialog.getByRole('button', { name: 'Set' }).click();
    await dialog.getByText('cron_invalid').waitFor();
    await input.fill('7 3 * * *');
    await dialog.getByRole('button', { name: 'Set' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('definition').getByText('7 3 * * *').waitFor();
    await page.getByRole('button', { name: 'Change cron' }).click();
    await page.getByRole('button', { name: 'Back to the default, 23 * * * *' }).click();
    await page.getByRole('definition').getByText('23 * * * *').waitFor();
    expect(console.offences).toEqual([]);
  });

  test('drills the loss of Redis and ends the drill', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await console.signIn(product, 'schedules');
    await page.getByRole('button', { name: 'Drill the loss of Redis' }).click();
    await page.getByRole('button', { name: 'Begin the drill' }).click();
    await page.getByRole('definition').getByText('A worker fires').waitFor();
    await console.takePicture('schedules-drill');
    await page.getByRole('button', { name: 'End the drill' }).click();
    await page.getByRole('button', { name: 'Drill the loss of Redis' }).waitFor();
  });

  test('keeps a reason for what is done to a queue in the audit log', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    const reason = 'the embedder is being changed';
    await console.signIn(product, 'queues/message_index');
    await page.getByRole('button', { name: 'Pause' }).click();
    const dialog = page.getByRole('dialog');
    const confirm = dialog.getByRole('button', { name: 'Pause' });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByLabel('Reason').fill(reason);
    await confirm.click();
    await page.getByText('message_index is paused.').waitFor();
    const { items } = await product.call<{ items: unknown[] }>('GET', '/api/admin/audit?limit=10');
    expect(JSON.stringify(items)).toContain(reason);
    await page.getByRole('button', { name: 'Resume' }).click();
    await dialog.getByLabel('Reason').fill('it has been changed');
    await dialog.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('message_index runs again.').waitFor();
  });

  test('is asked to sign in again when the session is over, and stays where they were', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await console.signIn(product, 'processes');
    await page
      .getByRole('cell', { name: /worker-/ })
      .first()
      .waitFor();
    await page.context().clearCookies();
    await page.locator('input[type=email]').waitFor();
    await page.locator('input[type=email]').fill(product.administrator.email);
    await page.locator('input[type=password]').fill('not the password at all');
    await page.locator('button[type=submit]').click();
    await page.getByRole('alert').waitFor();
    await page.locator('input[type=password]').fill(product.administrator.password);
    await page.locator('button[type=submit]').click();
    await page.getByRole('heading', { name: 'Processes', level: 1 }).waitFor();
  });

  test('sees within 15 s that a worker was killed', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await console.signIn(product, 'overview');
    const verdict = page.locator('[data-verdict=liveness]');
    await waitUntil('liveness is well', async () => (await verdict.getAttribute('data-state')) === 'ok');
    await product.worker.kill();
    const killedAt = performance.now();
    await waitUntil(
      'liveness is failing',
      async () => (await verdict.getAttribute('data-state')) === 'failing',
      VERDICT_MS,
    );
    expect(performance.now() - killedAt).toBeLessThan(VERDICT_MS);
    await verdict.getByText('No worker is alive', { exact: true }).waitFor();
    await verdict.getByText('Start a worker', { exact: false }).waitFor();
    await console.takePicture('overview-no-worker');
    await console.follow('Processes');
    await page.getByRole('cell', { name: /Lost/ }).first().waitFor();
    expect(console.offences).toEqual([]);
  });
});
