import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsolePage, launchBrowser } from './console-page.js';
import { type ConsoleProduct, startConsoleProduct } from '../factories/console-product.js';
import { createTcpProxy } from '../factories/tcp-proxy.js';
import { waitUntil } from '../factories/wait.js';

const WORDS = 150;
/** Slow enough to be looked at while it comes. */
const SLOW = `local:tokens=${WORDS},delay_ms=60`;

interface Message {
  turn_id: string;
  role: string;
  content: string;
  status: string;
  is_saved: boolean;
}

describe('the Playground', () => {
  let product: ConsoleProduct;
  let browser: Browser;

  beforeAll(async () => {
    [product, browser] = await Promise.all([
      startConsoleProduct({ LOCKKEEPER_LOCAL_MODEL: 'on' }),
      launchBrowser(),
    ]);
  });

  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  async function say(page: Page, text: string, model: string): Promise<void> {
    await page.getByRole('combobox', { name: 'Model' }).fill(model);
    await page.getByRole('textbox', { name: 'Message' }).fill(text);
    await page.getByRole('textbox', { name: 'Message' }).press('Enter');
  }

  const shownAnswer = (page: Page) => page.locator('[data-role=assistant] [data-part=text]').last();

  async function whenLong(page: Page, length: number): Promise<string> {
    return waitUntil(`${length} characters of the answer`, async () => {
      const text = await shownAnswer(page).textContent({ timeout: 20_000 });
      return (text ?? '').length > length && text;
    });
  }

  async function savedAnswer(page: Page): Promise<Message> {
    const conversationId = new URL(page.url()).pathname.split('/').at(-1);
    return waitUntil('the saved answer', async () => {
      const { items } = await product.call<{ items: Message[] }>(
        'GET',
        `/api/conversations/${conversationId}/messages`,
      );
      const answer = items.findLast((message) => message.role === 'assistant');
      return answer?.is_saved === true && answer;
    });
  }

  test('goes on with an answer after a reload, with no character twice or missing', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await console.signIn(product, 'playground');
    await say(page, 'Tell me of a lock keeper.', SLOW);
    const before = await whenLong(page, 60);
    await page.getByText('Held until the turn ends').waitFor();
    await console.takePicture('playground-answering', { isWhole: false });
    await page.reload();
    const resumed = await whenLong(page, before.length);
    expect(resumed.startsWith(before)).toBe(true);
    await page.getByText('Answering', { exact: true }).waitFor();
    await page.getByText('Complete', { exact: true }).waitFor();
    const saved = await savedAnswer(page);
    expect(await shownAnswer(page).textContent()).toBe(saved.content);
    expect(saved.content.startsWith(resumed)).toBe(true);
    expect(saved.content.split(' ')).toHaveLength(WORDS);
    expect(console.offences).toEqual([]);
  });

  test('shows what was held, what it cost, and what was given back', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await console.signIn(product, 'playground');
    await say(page, 'Hello', 'local:tokens=5');
    await page.getByText('Complete', { exact: true }).waitFor();
    const { turn_id: turnId } = await savedAnswer(page);
    const { items } = await product.call<{
      items: Array<{ id: string; amount: string; settled_amount: string; status: string }>;
    }>('GET', '/api/coins/holds?limit=5');
    const hold = items.find(({ id }) => id === turnId);
    expect(hold?.status).toBe('settled');
    const steps = page.getByRole('list', { name: 'This turn' }).getByRole('listitem');
    await page.getByText('Settled', { exact: true }).waitFor();
    const rest = (Number(hold?.amount) - Number(hold?.settled_amount)).toFixed(6);
    expect(await steps.allTextContents()).toEqual([
      `Held${hold?.amount}`,
      `Settled${hold?.settled_amount}`,
      `Given back${rest}`,
    ]);
    const entries = page.getByRole('row').filter({ hasText: 'this turn' });
    expect(await entries.count()).toBe(2);
  });

  test('stops an answer and keeps what there is of it', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await console.signIn(product, 'playground');
    await say(page, 'Count for a long time.', 'local:tokens=2000,delay_ms=60');
    await whenLong(page, 20);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped', { exact: true }).waitFor();
    const saved = await savedAnswer(page);
    expect(saved.status).toBe('stopped');
    expect(await shownAnswer(page).textContent()).toBe(saved.content);
    expect(saved.content.split(' ').length).toBeLessThan(2000);
  });

  test('gives a message back that was not taken, and says why', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await console.signIn(product, 'playground');
    await say(page, 'Is anybody there?', 'no-such-model');
    await page.getByRole('alert').getByText('model_not_found').waitFor();
    expect(await page.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('Is anybody there?');
    await say(page, 'Is anybody there?', 'local:tokens=3');
    await page.getByText('Complete', { exact: true }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(await page.locator('[data-role=user]').count()).toBe(1);
  });

  test('goes on where a broken connection left it', async () => {
    const proxy = await createTcpProxy(product.api.url);
    await using console = await ConsolePage.open(browser, new URL(proxy.url).origin);
    const { page } = console;
    await console.signIn(product, 'playground');
    await say(page, 'Tell me of a lock keeper.', SLOW);
    const before = await whenLong(page, 60);
    await proxy.cut();
    await page.getByText('The connection broke', { exact: false }).waitFor();
    await proxy.restore();
    const resumed = await whenLong(page, before.length + 20);
    await page.getByText('Complete', { exact: true }).waitFor();
    const { content } = await savedAnswer(page);
    expect(content.startsWith(before)).toBe(true);
    // Also on the way: the end brings the whole text, which would hide what was shown twice before.
    expect(content.startsWith(resumed)).toBe(true);
    expect(await shownAnswer(page).textContent()).toBe(content);
    await proxy.cut();
  });
});
