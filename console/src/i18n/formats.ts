/** How numbers, times and durations are written. Every method answers an em dash for what is not known. */
export interface Formats {
  /** A whole number with its thousands apart. */
  readonly count: (value: number | null | undefined) => string;
  /** A number with at most so many digits after the point (2 if not said). */
  readonly number: (value: number | null | undefined, digits?: number) => string;
  /** A share of 1 as a percentage. */
  readonly percent: (value: number | null | undefined) => string;
  readonly bytes: (value: number | null | undefined) => string;
  /** A length of time in the unit that fits: `12 ms`, `3.4 s`, `5 min`, `2 h 10 min`. */
  readonly duration: (ms: number | null | undefined) => string;
  /** Day and time to the second, in the browser's time zone. */
  readonly dateTime: (value: string | number | null | undefined) => string;
  /** The time of day to the second. */
  readonly time: (value: string | number | null | undefined) => string;
  /** How long ago, or in how long: `5 minutes ago`. */
  readonly relative: (value: string | number | null | undefined, now: number) => string;
}

const NONE = '—';
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const AGES: ReadonlyArray<[unit: Intl.RelativeTimeFormatUnit, seconds: number]> = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

export function makeFormats(locale: string): Formats {
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const dateTime = new Intl.DateTimeFormat(locale, {
    dateStyle: 'medium',
    timeStyle: 'medium',
    hour12: false,
  });
  const time = new Intl.DateTimeFormat(locale, { timeStyle: 'medium', hour12: false });
  const number = (value: number, digits: number) =>
    value.toLocaleString(locale, { maximumFractionDigits: digits });
  const instant = (value: string | number | null | undefined) =>
    value === null || value === undefined || value === '' ? Number.NaN : new Date(value).getTime();
  return {
    count: (value) => known(value, (known) => whole.format(known)),
    number: (value, digits = 2) => known(value, (known) => number(known, digits)),
    percent: (value) => known(value, (known) => share.format(known)),
    bytes: (value) => known(value, (bytes) => formatBytes(bytes, number)),
    duration: (ms) => known(ms, (value) => formatDuration(value, number)),
    dateTime: (value) => known(instant(value), (at) => dateTime.format(at)),
    time: (value) => known(instant(value), (at) => time.format(at)),
    relative: (value, now) => known(instant(value), (at) => formatAge((at - now) / 1000, relative)),
  };
}

function known(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined || Number.isNaN(value) ? NONE : format(value);
}

function formatBytes(bytes: number, number: (value: number, digits: number) => string): string {
  const power = bytes < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${number(bytes / 1024 ** power, power === 0 ? 0 : 1)} ${BYTE_UNITS[power]}`;
}

function formatDuration(ms: number, number: (value: number, digits: number) => string): string {
  if (ms < 1000) return `${number(ms, ms < 10 ? 1 : 0)} ms`;
  if (ms < 60_000) return `${number(ms / 1000, ms < 10_000 ? 2 : 1)} s`;
  const minutes = Math.floor(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  if (minutes < 60) return joined([`${minutes} min`, rest(Math.floor((ms % 60_000) / 1000), 's')]);
  if (hours < 24) return joined([`${hours} h`, rest(minutes % 60, 'min')]);
  return joined([`${Math.floor(hours / 24)} d`, rest(hours % 24, 'h')]);
}

const rest = (value: number, unit: string) => (value === 0 ? null : `${value} ${unit}`);
const joined = (parts: Array<string | null>) => parts.filter((part) => part !== null).join(' ');

function formatAge(seconds: number, relative: Intl.RelativeTimeFormat): string {
  const [unit, length] = AGES.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  return relative.format(Math.trunc(seconds / length), unit);
}
