/** What a benchmark has to reach. `goal` is the comparison in words: `<= 250`. */
export interface Goal {
  name: string;
  /** NaN if it could not be measured; then the goal is missed. */
  value: number;
  unit: string;
  goal: string;
  met: boolean;
}

/** A goal that is met by `limit` and anything below. */
export function atMost(limit: number, unit: string, name: string, value: number): Goal {
  return { name, value, unit, goal: `<= ${limit}`, met: value <= limit };
}

/** A goal that is met by `limit` and anything above. */
export function atLeast(limit: number, unit: string, name: string, value: number): Goal {
  return { name, value, unit, goal: `>= ${limit}`, met: value >= limit };
}
