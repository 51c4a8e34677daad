import { randomFillSync } from 'node:crypto';

const POOL_IDS = 512;
const RANDOM_BYTES = 8;
const RANDOM_DIGITS = 2 * RANDOM_BYTES;
const MAX_SEQUENCE = 0xfff;
const VARIANTS = '89ab';
const SEQUENCE_DIGITS = Array.from({ length: MAX_SEQUENCE + 1 }, (_, value) =>
  value.toString(16).padStart(3, '0'),
);

/**
 * Makes ids where a request needs one or a thousand: about ten times as fast as `newId`, because random bits are drawn
 * for many at once.
 */
export class IdSeries {
  private readonly pool = Buffer.alloc(POOL_IDS * RANDOM_BYTES);
  private randomDigits = '';
  private nextRandom = 0;
  private lastMs = 0;
  private prefix = '';
  private sequence = 0;

  /**
   * A UUID version 7 (RFC 9562, with a counter in the 12 bits after the time), greater than all before it in this
   * series, also if the clock goes back.
   */
  next(nowMs: number): string {
    if (nowMs > this.lastMs) this.startMillisecond(nowMs);
    else if (++this.sequence > MAX_SEQUENCE) this.startMillisecond(this.lastMs + 1);
    if (this.nextRandom === this.randomDigits.length) this.refill();
    const at = this.nextRandom;
    this.nextRandom += RANDOM_DIGITS;
    const random = this.randomDigits;
    const variant = VARIANTS.charAt(random.charCodeAt(at) & 3);
    return `${this.prefix}${SEQUENCE_DIGITS[this.sequence]}-${variant}${random.slice(at + 1, at + 4)}-${random.slice(at + 4, at + RANDOM_DIGITS)}`;
  }

  private startMillisecond(ms: number): void {
    const digits = Math.floor(ms).toString(16).padStart(12, '0');
    this.prefix = `${digits.slice(0, 8)}-${digits.slice(8)}-7`;
    this.lastMs = ms;
    this.sequence = 0;
  }

  private refill(): void {
    this.randomDigits = randomFillSync(this.pool).toString('hex');
    this.nextRandom = 0;
  }
}
