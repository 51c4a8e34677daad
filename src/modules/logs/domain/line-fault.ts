/** Why a line could not be taken in. */
export class LineFault {
  constructor(
    /** Which line of the request, from 0. */
    readonly index: number,
    /** The field at fault; empty if it is the line itself. */
    readonly field: string,
    readonly message: string,
    /** The line as it came, cut if it is long; undefined if it cannot be shown. */
    readonly raw: string = '',
  ) {}

  /** In one sentence. */
  toString(): string {
    return this.field === '' ? this.message : `${this.field} ${this.message}`;
  }
}

/** What a decoder made of a request. */
export interface DecodedLines<T> {
  readonly lines: T[];
  readonly faults: LineFault[];
}
