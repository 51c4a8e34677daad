import { Injectable } from '@nestjs/common';

/** A piece of work that this process is doing. */
export interface Work {
  /** What kind it is: the name of a job or task, `chat.turn`. */
  readonly kind: string;
  readonly id: string;
  readonly since: Date;
}

/** What this process is doing just now, and when it last got on with something; for those who watch over processes. */
@Injectable()
export class WorkInProgress {
  private readonly works = new Set<Work>();
  private progressAt: Date | undefined;

  /** Notes that a piece of work begins. Call what is returned when it has ended, well or not; again does no harm. */
  begin(kind: string, id: string): () => void {
    const work = { kind, id, since: new Date() };
    this.works.add(work);
    this.progressAt = work.since;
    return () => {
      if (this.works.delete(work)) this.progressAt = new Date();
    };
  }

  /** Up to `limit` pieces of work, from the oldest on. */
  current(limit: number): Work[] {
    const oldest: Work[] = [];
    for (const work of this.works) {
      if (oldest.length >= limit) break;
      oldest.push(work);
    }
    return oldest;
  }

  /** When a piece of work last began or ended; undefined if none ever has. */
  get lastProgressAt(): Date | undefined {
    return this.progressAt;
  }
}
