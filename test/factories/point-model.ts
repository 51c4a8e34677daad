import * as fc from 'fast-check';

/** What can happen to points: `age` lets the time of the next lots be up, `expire` runs the task. */
export type PointStep =
  | { kind: 'earn'; points: number; validDays: number }
  | { kind: 'exchange'; points: number }
  | { kind: 'age'; lots: number }
  | { kind: 'expire' };

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('earn' as const),
      points: fc.integer({ min: 1, max: 50 }),
      validDays: fc.integer({ min: 1, max: 50 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('exchange' as const), points: fc.integer({ min: 1, max: 80 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('age' as const), lots: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const) }) },
);

/** Some steps in which no two lots expire on the same day. */
export const pointSteps = fc
  .array(step, { maxLength: 20 })
  .map((steps) =>
    steps.map((each, index) =>
      each.kind === 'earn' ? { ...each, validDays: each.validDays * 20 + index } : each,
    ),
  );

/** The points of one user, as simple as can be. */
export class PointModel {
  exchanged = 0;
  private lots: { remaining: number; validDays: number; isDue: boolean }[] = [];

  /** @returns whether it was possible. */
  do(step: PointStep): boolean {
    if (step.kind === 'earn') {
      this.lots.push({ remaining: step.points, validDays: step.validDays, isDue: false });
      this.lots.sort((a, b) => a.validDays - b.validDays);
    } else if (step.kind === 'age') {
      for (const lot of this.spendable().slice(0, step.lots)) lot.isDue = true;
    } else if (step.kind === 'expire') {
      this.lots = this.lots.filter((lot) => !lot.isDue);
    } else return this.exchange(step.points);
    return true;
  }

  balance(): { balance: number; available: number } {
    return { balance: sum(this.lots), available: sum(this.spendable()) };
  }

  /** What is left in each lot, the smallest first. */
  remaining(): number[] {
    return this.lots.map((lot) => lot.remaining).sort((a, b) => a - b);
  }

  private exchange(points: number): boolean {
    if (sum(this.spendable()) < points) return false;
    for (let left = points; left > 0; left--) {
      const [first] = this.spendable();
      if (first) first.remaining--;
      this.lots = this.lots.filter((lot) => lot.remaining > 0);
    }
    this.exchanged += points;
    return true;
  }

  private spendable() {
    return this.lots.filter((lot) => !lot.isDue);
  }
}

function sum(lots: readonly { remaining: number }[]): number {
  return lots.reduce((total, lot) => total + lot.remaining, 0);
}
