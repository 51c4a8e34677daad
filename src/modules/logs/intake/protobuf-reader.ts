import { isUtf8 } from 'node:buffer';
import { PbfReader } from 'pbf';

/** The wire types of protobuf. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;

const TWO_TO_32 = 2 ** 32;
const NANOSECONDS = 1_000_000;
const REPLACEMENT = '\ufffd';

/** The bytes are not what the schema says. */
export class ProtobufError extends Error {}

/**
 * Reads protobuf strictly. The library's reader reads on past the end of what it was given and does not mind a field
 * of another type; here either is an error, as is text that is not UTF-8.
 */
export class StrictProtobufReader {
  private readonly pbf: PbfReader;
  private readonly bytes: Buffer;
  /** Where the message that is being read ends. */
  private end: number;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.pbf = new PbfReader(bytes);
    this.end = bytes.length;
  }

  /** Calls `readField` for each field of the present message. One that it does not read is skipped. */
  fields(readField: (field: number) => void): void {
    const { pbf, end } = this;
    for (let field = pbf.nextField(end); field !== 0; field = pbf.nextField(end)) {
      readField(field);
      if (pbf.pos > end) throw new ProtobufError('A field is longer than its message.');
    }
    if (pbf.pos !== end) throw new ProtobufError('A message ends in the middle of a field.');
  }

  /** Reads a message within the present one by `read`; whatever that leaves of it is skipped, even if it throws. */
  message<T>(read: () => T): T {
    const outerEnd = this.end;
    this.end = this.lengthDelimited();
    try {
      return read();
    } finally {
      this.pbf.pos = this.end;
      this.end = outerEnd;
    }
  }

  text(): string {
    const end = this.lengthDelimited();
    const start = this.pbf.pos;
    this.pbf.pos = end;
    const text = this.bytes.toString('utf8', start, end);
    if (text.includes(REPLACEMENT) && !isUtf8(this.bytes.subarray(start, end))) {
      throw new ProtobufError('A text is not UTF-8.');
    }
    return text;
  }

  encodedBytes(encoding: 'hex' | 'base64'): string {
    const end = this.lengthDelimited();
    const start = this.pbf.pos;
    this.pbf.pos = end;
    return this.bytes.toString(encoding, start, end);
  }

  /** A 64-bit number; one that is not exact as a number comes as text. */
  int64(): number | string {
    this.expect(VARINT);
    const start = this.pbf.pos;
    const value = this.pbf.readVarint(true);
    if (Number.isSafeInteger(value)) return value;
    return BigInt.asIntN(64, readBigVarint(this.bytes, start)).toString();
  }

  uint32(): number {
    this.expect(VARINT);
    return this.pbf.readVarint();
  }

  boolean(): boolean {
    this.expect(VARINT);
    return this.pbf.readBoolean();
  }

  double(): number {
    this.expect(FIXED64);
    return this.pbf.readDouble();
  }

  /** A `fixed64` of nanoseconds as whole milliseconds. */
  nanosecondsAsMs(): number {
    this.expect(FIXED64);
    const low = this.pbf.readFixed32();
    const high = this.pbf.readFixed32();
    // A sum of both would be rounded, at times into the millisecond before: this divides in two steps that are exact.
    const rest = (high % NANOSECONDS) * TWO_TO_32 + low;
    return Math.floor(high / NANOSECONDS) * TWO_TO_32 + Math.floor(rest / NANOSECONDS);
  }

  private lengthDelimited(): number {
    this.expect(BYTES);
    const length = this.pbf.readVarint();
    const end = this.pbf.pos + length;
    if (end > this.end) throw new ProtobufError('A field is longer than its message.');
    return end;
  }

  private expect(type: number): void {
    if (this.pbf.type !== type) throw new ProtobufError('A field is of another type than it should be.');
  }
}

function readBigVarint(bytes: Buffer, start: number): bigint {
  let value = 0n;
  for (let at = start, shift = 0n; ; at++, shift += 7n) {
    const byte = bytes[at] ?? 0;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}
