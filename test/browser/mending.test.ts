import { randomBytes } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsolePage, launchBrowser } from './console-page.js';
import { type ConsoleProduct, startConsoleProduct } from '../factories/console-product.js';
import { openDatabase } from '../factories/test-database.js';
import { waitUntil } from '../factories/wait.js';

type Database = Awaited<ReturnType<typeof openDatabase>>;

describe('what the database refused', () => {
  let product: ConsoleProduct;
  let database: Database;
  let browser: Browser;

  beforeAll(async () => {
    [product, browser] = await Promise.all([
      startConsoleProduct({ LOCKKEEPER_LOCAL_MODEL: 'on' }),
      launchBrowser(),
    ]);
    database = await openDatabase(product.product.environment['LOCKKEEPER_DATABASE_URL'] ?? '');
  });

  afterAll(async () => {
    await browser?.close();
    await database?.[Symbol.asyncDispose]();
    await product?.[Symbol.asyncDispose]();
  });

  /** Has the database refuse rows of a table for which `condition` holds, until it is mended. */
  async function refuse(table: string, condition: string) {
    const name = `refuse_${randomBytes(4).toString('hex')}`;
    await database.single.query(
      `CREATE TRIGGER ${name} BEFORE INSERT ON ${table} FOR EACH ROW
       IF ${condition} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused for a test'; END IF`,
    );
    return { mend: () => database.single.query(`DROP TRIGGER ${name}`) };
  }

  test('a parked conversation is saved by Retry, once the cause is mended', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    const model = 'local:tokens=4';
    const { mend } = await refuse('turns', `NEW.model = '${model}'`);
    const messages = [{ role: 'user', content: 'Hello' }];
    await product.call('POST', '/v1/chat/completions', { model, messages });
    const { id } = (await product.call<{ items: [{ id: string }] }>('GET', '/api/conversations?limit=1'))
      .items[0];
    await console.signIn(product, 'conversations/parked');
    const row = page.getByRole('row').filter({ hasText: 'refused for a test' });
    await row.waitFor({ timeout: 60_000 });
    await console.takePicture('conversations-parked');
    await mend();
    await row.getByRole('button', { name: `Retry: ${id}` }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).click();
    await page.getByText('No conversation is parked').waitFor({ timeout: 60_000 });
    const saved = await waitUntil('both messages', async () => {
      const page = await product.call<{ items: Array<{ is_saved: boolean }> }>(
        'GET',
        `/api/conversations/${id}/messages`,
      );
      return page.items.every((message) => message.is_saved) && page.items;
    });
    expect(saved).toHaveLength(2);
    expect(console.offences).toEqual([]);
  });

  test('a line in quarantine is stored by Replay, once the cause is mended', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    const message = `poison ${randomBytes(6).toString('hex')}`;
    const { mend } = await refuse('logs', `NEW.message = '${message}'`);
    const line = { device_id: 'lock-7', log_level: 'ERROR', message };
    await product.call('POST', '/api/logs/batch', { logs: [line] });
    await console.signIn(product, 'logs/quarantine');
    const row = page.getByRole('row').filter({ hasText: message });
    await row.waitFor({ timeout: 60_000 });
    await console.takePicture('logs-quarantine');
    await mend();
    await row.getByRole('button', { name: /^Replay/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Replay' }).click();
    await page.getByText('Lines stored: 1.').waitFor();
    await page.getByText('Nothing is in quarantine').waitFor();
    await page.getByRole('tab', { name: 'Search' }).click();
    await page.getByRole('cell', { name: message, exact: true }).waitFor();
    expect(console.offences).toEqual([]);
  });

  test('a line is seen live when it is stored', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    const message = `live ${randomBytes(6).toString('hex')}`;
    await console.signIn(product, 'logs/tail');
    await page.getByRole('button', { name: 'Follow' }).click();
    await page.getByText('Following', { exact: true }).waitFor();
    await product.call('POST', '/api/logs/batch', {
      logs: [{ device_id: 'lock-7', log_level: 'INFO', message }],
    });
    await page.getByRole('cell', { name: message, exact: true }).waitFor();
    await console.takePicture('logs-tail');
    expect(console.offences).toEqual([]);
  });

  test('an operator reads what a user said only with a reason, which is in the audit log', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    const text = `secret ${randomBytes(6).toString('hex')}`;
    const reason = `the user asked for help ${randomBytes(4).toString('hex')}`;
    await product.call('POST', '/v1/chat/completions', {
      model: 'local:tokens=2',
      messages: [{ role: 'user', content: text }],
    });
    const own = await product.call<{ items: [{ id: string }] }>('GET', '/api/conversations?limit=1');
    await console.signIn(product, 'conversations/users');
    await page.getByRole('textbox', { name: 'Conversation' }).fill(own.items[0].id);
    await page.getByRole('button', { name: 'Find conversation' }).click();
    await page.getByRole('heading', { name: 'Found' }).waitFor();
    await page.getByRole('button', { name: `Read: ${own.items[0].id}` }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill(reason);
    expect(await page.getByText(text).count()).toBe(0);
    await dialog.getByRole('button', { name: 'Read' }).click();
    await page.locator('[data-role=user]').getByText(text).waitFor();
    const { items } = await product.call<{ items: unknown[] }>('GET', '/api/admin/audit?limit=10');
    expect(JSON.stringify(items)).toContain(reason);
    expect(console.offences).toEqual([]);
  });
});
