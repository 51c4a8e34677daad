import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsolePage, launchBrowser } from './console-page.js';
import { type ConsoleProduct, startConsoleProduct } from '../factories/console-product.js';

describe('the console without a mouse', () => {
  let product: ConsoleProduct;
  let browser: Browser;

  beforeAll(async () => {
    [product, browser] = await Promise.all([startConsoleProduct(), launchBrowser()]);
  });

  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  test('signs in, reaches a page, skips to its content, and pauses a queue with a reason', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    const { keyboard } = page;
    await console.goTo('');
    await page.locator('input[type=email]:focus').waitFor();
    await keyboard.type(product.administrator.email);
    await keyboard.press('Tab');
    await keyboard.type(product.administrator.password);
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();

    await pressTabUntil(console, 'Queues');
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Queues', level: 1 }).waitFor();
    await page.locator('main:focus').waitFor();

    await pressTabUntil(console, 'Pause: message_index');
    await keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Pause message_index?' });
    await dialog.locator('textarea:focus').waitFor();
    await keyboard.type('the embedder is being changed');
    await pressTabUntil(console, 'Pause');
    await keyboard.press('Enter');
    await page.getByRole('button', { name: 'Resume: message_index' }).waitFor();
    await dialog.waitFor({ state: 'hidden' });

    await page.reload();
    await page.getByRole('button', { name: 'Resume: message_index' }).waitFor();
    await keyboard.press('Tab');
    expect(await focusedName(console)).toBe('Skip to the content');
    expect(console.offences).toEqual([]);
  });

  test('sees where it is: what has the focus has a ring', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    await console.signIn(product, 'queues');
    await pressTabUntil(console, 'Processes');
    const outline = await console.page.evaluate(
      () => document.activeElement && getComputedStyle(document.activeElement).outlineStyle,
    );
    expect(outline).not.toBe('none');
  });
});

const MOST_TABS = 80;

async function pressTabUntil(console: ConsolePage, name: string): Promise<void> {
  for (let count = 0; count < MOST_TABS; count++) {
    await console.page.keyboard.press('Tab');
    if ((await focusedName(console)) === name) return;
  }
  throw new Error(`${MOST_TABS} times Tab did not lead to ${name}.`);
}

/** The name of the link, button or field that has the focus; not of a region that can be scrolled. */
function focusedName({ page }: ConsolePage): Promise<string | undefined> {
  return page.evaluate(() => {
    const { activeElement } = document;
    if (!activeElement?.matches('a, button, input, textarea')) return undefined;
    return activeElement.getAttribute('aria-label') ?? activeElement.textContent?.trim();
  });
}
