import { randomBytes } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsolePage, type Language, launchBrowser, type Theme } from './console-page.js';
import { type ConsoleProduct, startConsoleProduct } from '../factories/console-product.js';
import { waitUntil } from '../factories/wait.js';
import { makeDocx, wordParagraph, wordStyles } from '../factories/documents.js';

const WORK_MS = 60_000;
const WORD = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';

const admired = [
  'Alan Turing',
  'Grace Hopper',
  'Marie Curie',
  'Isaac Newton',
  'Albert Einstein',
  'Charles Darwin',
  'Nikola Tesla',
  'Emmy Noether',
  'Carl Gauss',
  'Leonhard Euler',
  'Google',
  'Microsoft',
  'Germany',
  'Berlin',
];

/** A manual with headings, of which the second names persons; its content is its own each time. */
function manual(): Buffer {
  const body = [
    wordParagraph('Care', 'Heading1'),
    wordParagraph(
      `Descale the espresso machine twice a year. ${'Use citric acid and rinse well. '.repeat(30)}`,
    ),
    wordParagraph('History', 'Heading1'),
    wordParagraph(
      'Ada Lovelace worked with Charles Babbage in London. Charles Babbage met Mary Somerville. ' +
        'Ada Lovelace wrote to Michael Faraday. Michael Faraday worked at the Royal Institution. ' +
        'Mary Somerville visited Paris.',
    ),
    wordParagraph('Others', 'Heading1'),
    wordParagraph(admired.map((name) => `Ada Lovelace admired ${name}.`).join(' ')),
    wordParagraph(`Edition ${randomBytes(8).toString('hex')}.`),
  ].join('');
  return Buffer.from(makeDocx(body, [wordStyles]));
}

describe('files and their graph at the console', () => {
  let product: ConsoleProduct;
  let browser: Browser;

  beforeAll(async () => {
    [product, browser] = await Promise.all([startConsoleProduct(), launchBrowser()]);
  });

  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  const choose = async (page: Page, name: string, buffer: Buffer, mimeType = WORD) =>
    page.locator('input[type=file]').setInputFiles({ name, mimeType, buffer });
  const whenReady = (page: Page, name: string) =>
    page
      .getByRole('row')
      .filter({ hasText: name })
      .getByText('Ready', { exact: true })
      .waitFor({ timeout: WORK_MS });
  /** Drops a file as a hand would. */
  const drop = async (page: Page, name: string, text: string) => {
    const data = await page.evaluateHandle(
      ([fileName, content]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([content], fileName, { type: 'text/plain' }));
        return transfer;
      },
      [name, text] as const,
    );
    await page.locator('[data-drop]').dispatchEvent('drop', { dataTransfer: data });
  };

  test('are uploaded, processed, looked into, found, walked and deleted', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    const name = 'espresso-manual.docx';
    await console.signIn(product, 'files');
    const followed = page.waitForRequest((request) => request.url().endsWith('/progress/stream'));
    await choose(page, name, manual());
    await followed;
    await page.locator('[data-upload=uploaded]').getByText(name).waitFor();
    await console.takePicture('files-uploaded', { isWhole: false });
    await whenReady(page, name);

    await page.getByRole('cell').getByRole('link', { name }).click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll('[data-status=completed]').length === 4);
    const chunks = page.getByRole('region', { name: 'Chunks' });
    await chunks.getByRole('row').filter({ hasText: 'History' }).getByText('Charles Babbage').waitFor();
    await chunks.getByText('Yes', { exact: true }).first().waitFor();
    await page.getByRole('link', { name: 'Ada Lovelace' }).waitFor();
    await console.takePicture('files-file');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(name);

    await console.goTo('files/search');
    await page.getByRole('textbox', { name: 'Search in your files' }).fill('descale the espresso machine');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    const hit = page.getByRole('row').filter({ hasText: name }).first();
    await hit.locator('mark').first().waitFor();
    expect(await hit.locator('mark').allTextContents()).toContain('espresso');
    await hit.getByText('Descale the espresso machine twice', { exact: false }).waitFor();
    await console.takePicture('files-search');
    await hit.getByRole('link', { name }).click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
    expect(new URL(page.url()).search).toBe('?chunk=0');

    await page.getByRole('link', { name: 'Ada Lovelace' }).click();
    await page.getByRole('heading', { name: 'Ada Lovelace', level: 1 }).waitFor();
    const picture = page.locator('svg[data-graph]');
    await picture.getByRole('link', { name: 'Charles Babbage, Person' }).waitFor();
    await page.locator('[data-mention] mark').first().waitFor();
    await console.takePicture('graph-entity');
    await picture.getByRole('link', { name: 'Charles Babbage, Person' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Charles Babbage', level: 1 }).waitFor();
    // Who walks stays where they are: the next Enter goes on from here.
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-entity'))).toBe(
      'Charles Babbage',
    );
    await page.getByRole('button', { name: /^Where it says: Charles Babbage meet Mary Somerville/ }).click();
    await page.locator('[data-mention]').getByText('met Mary Somerville', { exact: false }).waitFor();
    await page.locator('[data-mention]').getByRole('link', { name }).click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();

    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('The file is deleted.').waitFor();
    await page.getByRole('cell', { name }).waitFor({ state: 'detached' });
    await console.goTo('files/search?q=espresso');
    await page.getByText('Nothing was found').waitFor();
    expect(console.offences).toEqual([]);
  });

  test('show the path between two entities', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await console.signIn(product, 'files');
    await choose(page, 'history.docx', manual());
    await whenReady(page, 'history.docx');
    await console.goTo('graph');
    await page.getByRole('textbox', { name: 'Find an entity' }).fill('somerv');
    await page.getByRole('button', { name: 'Find', exact: true }).click();
    await page.getByRole('link', { name: 'Mary Somerville' }).click();
    await page.getByRole('link', { name: 'Find a path' }).click();
    await page.getByRole('textbox', { name: 'To: Find an entity' }).fill('faraday');
    await page.getByRole('button', { name: 'Find', exact: true }).click();
    await page.getByRole('button', { name: 'To: Choose Michael Faraday' }).click();
    const steps = page.getByRole('list', { name: 'Step by step' }).getByRole('listitem');
    await steps.first().waitFor();
    expect(await steps.first().textContent()).toContain('Mary Somerville');
    expect(await steps.last().textContent()).toContain('Michael Faraday');
    expect(await page.locator('svg[data-graph] a').count()).toBe((await steps.count()) + 1);
    await console.takePicture('graph-path');
    expect(console.offences).toEqual([]);
  });

  test('are dropped into a collection, and told apart by it', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    const collection = `Notes ${randomBytes(3).toString('hex')}`;
    const text = `Otters sleep on their backs. ${randomBytes(8).toString('hex')}`;
    await console.signIn(product, 'files/collections');
    await page.getByRole('button', { name: 'New collection' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill(collection);
    await dialog.getByRole('button', { name: 'Make' }).click();
    await page.getByRole('link', { name: collection }).click();
    await page.getByText('No files in this collection').waitFor();
    await drop(page, 'otters.txt', text);
    await whenReady(page, 'otters.txt');

    await drop(page, 'otters.txt', text);
    await page.locator('[data-upload=known]').waitFor();
    await drop(page, 'nothing.txt', '');
    await page.locator('[data-upload=failed]').getByText('file_empty').waitFor();
    await console.takePicture('files-refused', { isWhole: false });

    await page.getByRole('cell').getByRole('link', { name: 'otters.txt' }).click();
    await page.getByRole('button', { name: `Take out: ${collection}` }).click();
    await page.getByText('In no collection.').waitFor();
    await page.getByRole('combobox', { name: 'Add to a collection' }).selectOption(collection);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('button', { name: `Take out: ${collection}` }).waitFor();

    await console.goTo('files/collections');
    await page.getByRole('button', { name: `Rename: ${collection}` }).click();
    await dialog.getByLabel('Name').fill(`${collection} of mine`);
    await dialog.getByRole('button', { name: 'Rename' }).click();
    const row = page.getByRole('row').filter({ hasText: `${collection} of mine` });
    await row.getByRole('cell', { name: '1', exact: true }).waitFor();
    await page.getByRole('button', { name: `Delete: ${collection} of mine` }).click();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await row.waitFor({ state: 'detached' });
    expect(console.offences).toEqual([]);
  });

  test('are seen coming in, and given up', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await console.signIn(product, 'files');
    await console.settle();
    const network = await page.context().newCDPSession(page);
    await network.send('Network.enable');
    const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 60_000 };
    await network.send('Network.emulateNetworkConditions', slow);
    await drop(page, 'long.txt', randomBytes(500_000).toString('hex'));
    const bar = page.getByRole('progressbar', { name: 'Upload of long.txt' });
    const share = () => bar.getAttribute('aria-valuenow').then(Number);
    const first = await waitUntil('some of it is sent', async () => {
      const now = await share();
      return now > 0 && now;
    });
    await waitUntil('more of it is sent', async () => (await share()) > first);
    expect(await share()).toBeLessThan(100);
    await console.takePicture('files-uploading', { isWhole: false });
    await page.getByRole('button', { name: 'Give up: long.txt' }).click();
    await bar.waitFor({ state: 'detached' });
    expect(await page.getByText('long.txt').count()).toBe(0);
    expect(console.offences).toEqual([]);
  });

  test('that cannot be read say why, and are processed again', async () => {
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await console.signIn(product, 'files');
    const broken = Buffer.from(`%PDF-1.7\n${randomBytes(8).toString('hex')}`);
    await choose(page, 'broken.pdf', broken, 'application/pdf');
    const row = page.getByRole('row').filter({ hasText: 'broken.pdf' });
    await row.getByText('Failed', { exact: true }).waitFor({ timeout: WORK_MS });
    await row.getByRole('link').click();
    await page.getByText('The PDF cannot be read', { exact: false }).waitFor();
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.url().endsWith('/process')),
      page.getByRole('button', { name: 'Process again' }).click(),
    ]);
    expect(answer.status()).toBe(202);
    await page.getByText('It is to be done', { exact: false }).waitFor();
    await page.locator('[data-step=chunking][data-status=failed]').waitFor({ timeout: WORK_MS });
    expect(console.offences).toEqual([]);
  });

  const looks: Array<{ theme: Theme; language: Language }> = [
    { theme: 'light', language: 'zh' },
    { theme: 'dark', language: 'en' },
  ];
  test.each(looks)('can be used by everybody in $theme and $language', async ({ theme, language }) => {
    await using console = await ConsolePage.open(browser, product.api.url, { theme, language });
    const { page } = console;
    const violations: string[] = [];
    const look = async (name: string) => {
      await console.settle();
      violations.push(...(await console.findAxeViolations()).map((violation) => `${name}: ${violation}`));
      await console.takePicture(`${name}-${theme}-${language}`);
    };
    const { items } = await product.call<{ items: Array<{ id: string; status: string }> }>(
      'GET',
      '/api/files?status=completed',
    );
    const entities = await product.call<{ items: Array<{ id: string }> }>('GET', '/api/graph/entities?q=ada');
    const [file, entity] = [items.at(-1)?.id, entities.items[0]?.id];
    expect([file, entity]).not.toContain(undefined);
    await console.signIn(product, `files/list/${file}`);
    await page.locator('[data-step]').first().waitFor();
    await look('files-file');
    for (const [name, path] of [
      ['files-list', 'files/list'],
      ['files-search', 'files/search?q=machine'],
      ['files-collections', 'files/collections'],
      ['graph-entities', 'graph'],
      ['graph-path', `graph/path?from=${entity}`],
    ] as const) {
      await console.goTo(path);
      await look(name);
    }
    await console.goTo(`graph?entity=${entity}`);
    await page.locator('svg[data-graph] a').first().waitFor();
    await look('graph-entity');
    expect(violations).toEqual([]);
    expect(console.offences).toEqual([]);
  });
});
