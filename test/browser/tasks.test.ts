import { randomBytes } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsolePage, type Language, launchBrowser, type Theme } from './console-page.js';
import { CONSOLE_PASSWORD, type ConsoleProduct, startConsoleProduct } from '../factories/console-product.js';
import { insertFlow } from '../factories/flow-rows.js';
import type { ProductProcess } from '../factories/product.js';
import { waitUntil } from '../factories/wait.js';

interface Person {
  id: string;
  email: string;
  password: string;
  apiKey: string;
}

const themes: readonly Theme[] = ['light', 'dark'];
const languages: readonly Language[] = ['en', 'zh'];
const looks = themes.flatMap((theme) => languages.map((language) => ({ theme, language })));
/** Of each its own: two files alike are one for their owner. */
const uniqueText = () => `A text about otters, ${randomBytes(8).toString('hex')}.\n`;
const brokenPdf = () => `%PDF-1.7\nNothing of a document follows: ${randomBytes(8).toString('hex')}`;
const shortened = (id: string) => `${id.slice(0, 8)}…${id.slice(-6)}`;

describe('tasks in the console', () => {
  let product: ConsoleProduct;
  let browser: Browser;
  let worker: ProductProcess;

  beforeAll(async () => {
    [product, browser] = await Promise.all([startConsoleProduct(), launchBrowser()]);
    worker = product.worker;
  });

  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  async function call<T>(path: string, token: string, body?: FormData | object): Promise<T> {
    const isForm = body instanceof FormData;
    const response = await fetch(product.api.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }

  async function createPerson(): Promise<Person> {
    const email = `user-${randomBytes(6).toString('hex')}@example.com`;
    const account = { email, password: CONSOLE_PASSWORD };
    const { id } = await product.call<{ id: string }>('POST', '/api/users', { ...account, role: 'user' });
    const { access_token: token } = await call<{ access_token: string }>('/api/auth/sign-in', '', account);
    const scopes = ['files', 'tasks'];
    const key = await call<{ api_key: string }>('/api/api-keys', token, { name: 'test', scopes });
    return { id, ...account, apiKey: key.api_key };
  }

  /** Uploads a file, which makes a task. @returns the task's id and the file's. */
  async function upload(person: Person, content: string, name: string) {
    const form = new FormData();
    form.set('file', new Blob([content]), name);
    const { job_id: taskId, file_id: fileId } = await call<{ job_id: string; file_id: string }>(
      '/api/files',
      person.apiKey,
      form,
    );
    return { taskId, fileId };
  }

  const awaitState = (person: Person, id: string, state: string) =>
    waitUntil(
      `the task is ${state}`,
      async () => (await call<{ state: string }>(`/api/tasks/${id}`, person.apiKey)).state === state,
      60_000,
    );

  const signIn = (console: ConsolePage, person: Person, path: string) =>
    console.signIn({ administrator: person }, path);

  /** While `work` is done, nobody does tasks. */
  async function withoutWorker(work: () => Promise<void>): Promise<void> {
    await worker.stop();
    try {
      await work();
    } finally {
      worker = await product.product.startWorker();
    }
  }

  const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1 }).waitFor();
  /** How the task of the page that is open stands. */
  const shows = (page: Page, state: string) =>
    page.locator('main [data-tone]').getByText(state, { exact: true }).first().waitFor();

  test('let an operator find one that failed, read where, and have it run again', async () => {
    const person = await createPerson();
    const { taskId } = await upload(person, brokenPdf(), 'broken.pdf');
    await awaitState(person, taskId, 'failed');
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await console.signIn(product, 'tasks');
    await page.getByRole('link', { name: /^file_processing: Failed/ }).click();
    await heading(page, 'Tasks of file_processing');
    const row = page.getByRole('row', { name: new RegExp(shortened(taskId)) });
    await row.getByText(/The PDF cannot be read/).waitFor();
    await row.getByRole('link').click();
    await heading(page, taskId);
    await shows(page, 'Failed');
    const stack = await page.getByRole('region', { name: 'Stack' }).textContent();
    expect(stack).toMatch(/\n\s+at .+:\d+/);
    await page.getByText(shortened(person.id)).waitFor();
    await console.takePicture('task-failed');
    await page.getByRole('button', { name: 'Requeue' }).click();
    const dialog = page.getByRole('dialog');
    const reason = `the parser was mended, ${taskId}`;
    expect(await dialog.getByRole('button', { name: 'Requeue' }).isDisabled()).toBe(true);
    await dialog.getByLabel('Reason').fill(reason);
    await dialog.getByRole('button', { name: 'Requeue' }).click();
    await page.getByText('The task is queued again.').waitFor();
    // It is as broken as before, and fails once more.
    await page.locator('dt', { hasText: 'Runs begun' }).locator('+ dd').getByText('2').waitFor();
    await shows(page, 'Failed');
    const { items } = await product.call<{ items: unknown[] }>('GET', '/api/admin/audit?limit=10');
    expect(JSON.stringify(items)).toContain(reason);
    expect(console.offences).toEqual([]);
  });

  test('let a user cancel one that waits, have it run again, and see it finish', async () => {
    const person = await createPerson();
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await withoutWorker(async () => {
      const { taskId } = await upload(person, uniqueText(), 'otters.txt');
      await signIn(console, person, 'tasks');
      // No queues, which are the operators' affair.
      expect(await page.getByRole('tab').allTextContents()).toEqual(['Own tasks', 'Own flows']);
      const row = page.getByRole('row', { name: new RegExp(shortened(taskId)) });
      await row.getByText('Queued').waitFor();
      await row.getByRole('button', { name: `Cancel: ${taskId}` }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).last().click();
      await row.getByText('Cancelled', { exact: true }).waitFor();
      await row.getByRole('link').click();
      await heading(page, taskId);
      await page.getByText('somebody cancelled it').waitFor();
      await console.takePicture('task-cancelled');
      await page.getByRole('button', { name: 'Requeue' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Requeue' }).click();
      await shows(page, 'Queued');
    });
    await shows(page, 'Finished');
    await page
      .getByRole('region', { name: 'Result' })
      .getByText(/"chunks"/)
      .waitFor();
    expect(await page.getByRole('button', { name: /Requeue|Cancel/ }).count()).toBe(0);
    await console.takePicture('task-finished');
    // The pages of operators are not there for others.
    await console.goTo('tasks/queues/file_processing');
    await heading(page, 'There is no such page');
    expect(console.offences).toEqual([]);
  });

  test('show a flow as its steps, and go on with it once what failed is run again', async () => {
    const person = await createPerson();
    const { taskId, fileId } = await upload(person, uniqueText(), 'otters.txt');
    await awaitState(person, taskId, 'finished');
    const flow = (first: string) =>
      insertFlow(product.product.environment['LOCKKEEPER_DATABASE_URL'] ?? '', person.id, [
        [{ name: 'file.process', queue: 'file_processing', fileId: first }],
        [
          { name: 'file.vectorize', queue: 'vectorization', fileId },
          { name: 'file.extract-graph', queue: 'kg_extraction', fileId },
        ],
      ]);
    const broken = await upload(person, brokenPdf(), 'broken.pdf');
    await awaitState(person, broken.taskId, 'failed');
    const [failing, going] = [await flow(broken.fileId), await flow(fileId)];
    await using console = await ConsolePage.open(browser, product.api.url);
    const { page } = console;
    await signIn(console, person, 'tasks/flows');
    const rowOf = (id: string) => page.getByRole('row', { name: new RegExp(shortened(id)) });
    await rowOf(failing.flowId).getByText('Cancelled 2').waitFor();
    await rowOf(going.flowId).getByText('Finished 2').waitFor();
    await console.takePicture('task-flows');
    await rowOf(failing.flowId).getByRole('link').click();
    const steps = page.getByRole('region', { name: 'The steps of the flow' });
    await steps.getByText('a step before it failed').first().waitFor();
    expect(await steps.getByText('a step before it failed').count()).toBe(2);
    await console.takePicture('task-flow');
    await withoutWorker(async () => {
      const failed = failing.steps[0]?.[0] ?? '';
      await page.getByRole('button', { name: `Requeue: ${failed}` }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Requeue' }).click();
      await steps.getByText('Queued').waitFor();
      expect(await steps.getByText('Deferred').count()).toBe(2);
      expect(await console.findAxeViolations()).toEqual([]);
      await steps.getByRole('link', { name: 'file.process' }).click();
      await heading(page, failed);
      await page.getByRole('link', { name: 'step 1' }).click();
      await steps.waitFor();
    });
    await steps.getByText('a step before it failed').first().waitFor();
    expect(console.offences).toEqual([]);
  });

  describe('that wait', () => {
    let many: Person;
    let few: Person;
    let failed: string;
    beforeAll(async () => {
      [many, few] = await Promise.all([createPerson(), createPerson()]);
      failed = (await upload(few, brokenPdf(), 'broken.pdf')).taskId;
      await awaitState(few, failed, 'failed');
      await worker.stop();
      for (let count = 0; count < 9; count++) await upload(many, uniqueText(), `notes-${count}.txt`);
      for (let count = 0; count < 6; count++) await upload(few, uniqueText(), `notes-${count}.txt`);
    });
    afterAll(async () => {
      worker = await product.product.startWorker();
    });

    test('are shown with whose turn it is', async () => {
      await using console = await ConsolePage.open(browser, product.api.url);
      const { page } = console;
      await console.signIn(product, 'tasks/queues/file_processing');
      const lanes = page.getByRole('region', { name: 'Who waits' });
      await lanes.getByText('At the limit').first().waitFor();
      const cellsOf = async ({ id }: Person) => {
        const row = lanes.getByRole('row', { name: new RegExp(shortened(id)) });
        const [place, , state, ...numbers] = await row.getByRole('cell').allTextContents();
        return [place, state, ...numbers.slice(0, 4)];
      };
      // Nine and six, of which four of each had their turn.
      expect(await cellsOf(many)).toEqual(['1', 'At the limit', '5', '4', '0', '0']);
      expect(await cellsOf(few)).toEqual(['2', 'At the limit', '2', '4', '0', '0']);
      expect(console.offences).toEqual([]);
    });

    test.each(looks)('can be read by everybody in $theme and $language', async ({ theme, language }) => {
      await using console = await ConsolePage.open(browser, product.api.url, { theme, language });
      await console.signIn(product, 'tasks');
      const violations: string[] = [];
      const paths = ['tasks', 'tasks/queues/file_processing', `tasks/jobs/${failed}`];
      for (const path of paths) {
        await console.goTo(path);
        await console.settle();
        await console.takePicture(
          `${path.replaceAll('/', '-').replace(failed, 'failed')}-${theme}-${language}`,
        );
        violations.push(...(await console.findAxeViolations()).map((violation) => `${path}: ${violation}`));
      }
      expect(violations).toEqual([]);
      expect(console.offences).toEqual([]);
    });

    test('have a place on a small screen', async () => {
      const viewport = { width: 390, height: 844 };
      await using console = await ConsolePage.open(browser, product.api.url, { viewport });
      await console.signIn(product, 'tasks/queues/file_processing');
      await console.settle();
      const { page } = console;
      await console.takePicture('tasks-queue-small');
      await page.waitForFunction(() => document.documentElement.scrollWidth <= globalThis.innerWidth);
    });
  });
});
