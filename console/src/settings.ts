/** What this browser remembers of how its user likes the console. Never data, never credentials. */
type Setting = 'language';

const PREFIX = 'lockkeeper.console.';

/** @returns what was written, null if nothing was or the browser does not tell */
export function readSetting(name: Setting): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** Remembers a setting; without storage it lasts until the page is left. */
export function writeSetting(name: Setting, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Storage is switched off in this browser: nothing depends on it.
  }
}
