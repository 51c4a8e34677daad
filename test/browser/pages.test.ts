import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pages } from '../../console/src/pages/index.js';
import { ConsolePage, type Language, launchBrowser, type Theme } from './console-page.js';
import { type ConsoleProduct, startConsoleProduct } from '../factories/console-product.js';

const themes: readonly Theme[] = ['light', 'dark'];
const languages: readonly Language[] = ['en', 'zh'];
const looks = themes.flatMap((theme) => languages.map((language) => ({ theme, language })));

describe('every page of the console', () => {
  let product: ConsoleProduct;
  let browser: Browser;
  let traffic: { stop(): Promise<void> } | undefined;

  beforeAll(async () => {
    [product, browser] = await Promise.all([startConsoleProduct(), launchBrowser()]);
    traffic = keepBusy(product);
  });

  afterAll(async () => {
    await traffic?.stop();
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  test.each(looks)('can be used by everybody in $theme and $language', async ({ theme, language }) => {
    await using console = await ConsolePage.open(browser, product.api.url, { theme, language });
    const violations: string[] = [];
    const look = async (name: string) => {
      violations.push(...(await console.findAxeViolations()).map((violation) => `${name}: ${violation}`));
      await console.takePicture(`${name}-${theme}-${language}`);
    };
    await console.goTo('');
    await console.page.locator('form').waitFor();
    await look('sign-in');
    await console.signIn(product);
    for (const { path, title } of pages) {
      await console.goTo(path);
      await console.settle();
      expect(await console.page.locator('nav [aria-current=page]').textContent()).toBe(title[language]);
      await look(path);
    }
    expect(violations).toEqual([]);
    expect(console.offences).toEqual([]);
  });

  test('has a place on a small screen', async () => {
    await using console = await ConsolePage.open(browser, product.api.url, {
      viewport: { width: 390, height: 844 },
    });
    await console.signIn(product, 'overview');
    await console.settle();
    const { page } = console;
    expect(await page.locator('nav').isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Show the pages' }).click();
    await console.takePicture('navigation-small', { isWhole: false });
    await console.follow('Processes');
    await page.waitForFunction(() => document.documentElement.scrollWidth <= globalThis.innerWidth);
    await console.takePicture('processes-small');
    expect(console.offences).toEqual([]);
  });
});

/** One turn and one log line after the other, so that there is something to see; the model sets the pace. */
function keepBusy(product: ConsoleProduct): { stop(): Promise<void> } {
  let isOver = false;
  const turns = async () => {
    for (let count = 0; !isOver; count++) {
      await product.call('POST', '/v1/chat/completions', {
        model: 'local:delay_ms=50',
        messages: [{ role: 'user', content: `Say something about lock number ${count}.` }],
      });
      await product.call('POST', '/api/log', {
        device_id: `sensor-${count % 5}`,
        log_level: 'INFO',
        message: `Gate ${count} is closed.`,
      });
    }
  };
  const running = turns();
  return {
    stop: () => {
      isOver = true;
      return running;
    },
  };
}
