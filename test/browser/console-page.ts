import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { findProgram, programDirectories } from '../../scripts/lib/files.mjs';
import type { ConsoleProduct } from '../factories/console-product.js';

export type Theme = 'light' | 'dark';
export type Language = 'en' | 'zh';

interface ConsoleOptions {
  theme?: Theme;
  language?: Language;
  viewport?: { width: number; height: number };
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WAIT_MS = 20_000;

/** Starts the system's Chromium, without a window. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = findProgram(['chromium', 'chromium-browser'], programDirectories());
  if (!executablePath) throw new Error('There is no Chromium; npm test installs it on Debian and Ubuntu.');
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}

/** A console in a browser of its own, and what it did that no console should. */
export class ConsolePage implements AsyncDisposable {
  /** Requests to other hosts, violations of the Content-Security-Policy, errors that nobody caught. */
  readonly offences: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
    private readonly url: string,
  ) {}

  /** Nobody is signed in yet. */
  static async open(browser: Browser, url: string, options: ConsoleOptions = {}): Promise<ConsolePage> {
    const { theme = 'light', language = 'en', viewport = { width: 1440, height: 900 } } = options;
    const context = await browser.newContext({
      viewport,
      colorScheme: theme,
      locale: language === 'zh' ? 'zh-CN' : 'en-GB',
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(WAIT_MS);
    const page = await context.newPage();
    const opened = new ConsolePage(page, context, url);
    opened.watch();
    return opened;
  }

  /** Opens a path below /console. */
  async goTo(path: string): Promise<void> {
    await this.page.goto(`${this.url}/console/${path}`);
  }

  /** Signs in with the form, whatever its language. */
  async signIn({ administrator }: Pick<ConsoleProduct, 'administrator'>, path = ''): Promise<void> {
    await this.goTo(path);
    await this.page.locator('input[type=email]').fill(administrator.email);
    await this.page.locator('input[type=password]').fill(administrator.password);
    await this.page.locator('button[type=submit]').click();
    // On a small screen it is there, but out of sight.
    await this.page.locator('nav').waitFor({ state: 'attached' });
  }

  /** Goes to a page by its link in the navigation. */
  async follow(title: string): Promise<void> {
    await this.page.locator('nav').getByRole('link', { name: title, exact: true }).click();
    await this.page.getByRole('heading', { name: title, level: 1 }).waitFor();
  }

  /** Waits until nothing on the page says that it is still being loaded. */
  async settle(): Promise<void> {
    await this.page.locator('main h1').first().waitFor();
    await this.page.waitForFunction(
      () =>
        !document.querySelector(
          'main [aria-busy=true], main .mantine-Skeleton-root, main .mantine-Loader-root',
        ),
    );
  }

  /** What shuts people out, of the kinds that matter, as one line each. */
  async findAxeViolations(): Promise<string[]> {
    await this.page.evaluate(axeSource);
    const results = await this.page.evaluate<AxeResults>(() =>
      (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
    );
    return results.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary}`),
      );
  }

  /** Writes a picture into the directory that `LOCKKEEPER_TEST_SCREENSHOTS` names, or a temporary one. */
  async takePicture(name: string, options: { isWhole?: boolean } = {}): Promise<void> {
    await this.page.screenshot({
      path: join(pictureDirectory(), `${name}.png`),
      fullPage: options.isWhole ?? true,
      animations: 'disabled',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
  }

  private watch(): void {
    const { page } = this;
    page.on('request', (request) => {
      if (!request.url().startsWith(`${this.url}/`)) this.offences.push(`request to ${request.url()}`);
    });
    page.on('pageerror', (error) => this.offences.push(`uncaught ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      // Answers that are no success are written there as well; they belong to what a test does.
      if (message.type() !== 'error' || message.text().startsWith('Failed to load resource')) return;
      this.offences.push(message.text());
    });
  }
}

let directory: string | undefined;

function pictureDirectory(): string {
  const named = process.env['LOCKKEEPER_TEST_SCREENSHOTS'];
  if (named) mkdirSync(named, { recursive: true });
  directory ??= named ?? mkdtempSync(join(process.env['TEST_RUN_DIRECTORY'] ?? tmpdir(), 'screenshots-'));
  return directory;
}
