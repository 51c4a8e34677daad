import { Injectable } from '@nestjs/common';
import type { Acknowledgement, IntakeFate, IntakeReceipt, IntakeRequest } from './domain/intake.js';
import type { LogLine } from './domain/log-line.js';

/** Takes checked lines in. */
@Injectable()
export class LogIntake {
  /**
   * Takes in the lines of one request as one entry of the stream: all of them, or none.
   * @throws log_backlog_full or log_queue_unavailable, both with Retry-After 1.
   */
  accept(_request: IntakeRequest): Promise<IntakeReceipt> {
    return Promise.reject(new Error('not built yet'));
  }

  /** Takes in one line. Those of all requests within 2 ms share an entry, and so a receipt. */
  acceptSingle(_line: LogLine, _ack: Acknowledgement): Promise<IntakeReceipt> {
    return Promise.reject(new Error('not built yet'));
  }

  /** What became of a receipt; undefined if none such was given, or it is forgotten. */
  fate(_receiptId: string): Promise<IntakeFate | undefined> {
    return Promise.reject(new Error('not built yet'));
  }
}
