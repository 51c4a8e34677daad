import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsolePage, launchBrowser, type Theme } from './console-page.js';
import { type ConsoleProduct, startConsoleProduct } from '../factories/console-product.js';

/** The parts of pages that are not seen when the page is opened. */
const tabs = [
  'conversations/parked',
  'conversations/own',
  'files/search',
  'files/collections',
  'tasks/own',
  'tasks/flows',
  'coins/holds',
  'coins/reconciling',
  'logs/tail',
  'logs/quarantine',
  'logs/accounting',
  'support/agents',
  'engagement/activities',
  'engagement/points',
  'marketplace/experts',
];
const themes: readonly Theme[] = ['light', 'dark'];

describe('every tab of the console', () => {
  let product: ConsoleProduct;
  let browser: Browser;

  beforeAll(async () => {
    [product, browser] = await Promise.all([
      startConsoleProduct({ LOCKKEEPER_LOCAL_MODEL: 'on' }),
      launchBrowser(),
    ]);
    const messages = [{ role: 'user', content: 'What does a lock keeper do?' }];
    await product.call('POST', '/v1/chat/completions', { model: 'local:tokens=40', messages });
    const skills = ['locks', 'water'];
    await product.call('PUT', '/api/marketplace/experts/me', {
      display_name: 'Ada',
      bio: 'Keeps locks.',
      skills,
    });
    await product.call('PUT', '/api/support/agent', { is_on_duty: true, capacity: 3 });
  });

  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  test.each(themes)('can be used by everybody in the %s theme', async (theme) => {
    await using console = await ConsolePage.open(browser, product.api.url, { theme });
    await console.signIn(product);
    const violations: string[] = [];
    for (const path of tabs) {
      await console.goTo(path);
      await console.settle();
      expect(await console.page.getByRole('tab', { selected: true }).count()).toBe(1);
      violations.push(...(await console.findAxeViolations()).map((violation) => `${path}: ${violation}`));
      await console.takePicture(`${path.replace('/', '-')}-${theme}`);
    }
    expect(violations).toEqual([]);
    expect(console.offences).toEqual([]);
  });

  test('is reached by the keyboard alone', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await console.signIn(product, 'logs');
    await console.settle();
    await page.getByRole('tab', { name: 'Search' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Follow' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/console/logs/tail');
  });

  test('makes a coupon and ends it', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await console.signIn(product, 'engagement');
    await page.getByRole('button', { name: 'New coupon' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Coins').fill('2.5');
    await console.takePicture('engagement-new-coupon', { isWhole: false });
    await dialog.getByRole('button', { name: 'Make' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('cell', { name: '2.500000' }).waitFor();
    await page.getByRole('button', { name: /^End:/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End' }).click();
    await page.getByText('Ended by an operator').waitFor();
    expect(console.offences).toEqual([]);
  });

  test("gives coins to a user, and blocks the user's account with a reason", async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    const { account_id: id } = await product.call<{ account_id: string }>('GET', '/api/coins/account');
    await console.signIn(product, `coins/accounts/${id}`);
    await page.getByRole('button', { name: 'Give coins' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Amount').fill('12.5');
    await dialog.getByLabel('Note').fill('for a test');
    await dialog.getByRole('button', { name: 'Give coins' }).click();
    await page.getByRole('row').filter({ hasText: 'for a test' }).getByText('+12.5').waitFor();
    await page.getByRole('button', { name: 'Block' }).click();
    await dialog.getByLabel('Reason').fill('a stolen key');
    await dialog.getByRole('button', { name: 'Block' }).click();
    await page.getByRole('definition').getByText('Blocked').waitFor();
    const account = await product.call<{ is_blocked: boolean }>('GET', '/api/coins/account');
    expect(account.is_blocked).toBe(true);
    expect(console.offences).toEqual([]);
  });
});
