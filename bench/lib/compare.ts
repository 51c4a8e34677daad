import { median } from './samples.ts';

/** How one variant did in all rounds. */
export interface Compared {
  /** What each round gave. */
  rounds: number[];
  median: number;
  /** The median over the rounds of this variant's value, divided by the first variant's of the same round. */
  ratio: number;
}

/**
 * Measures variants against each other in one run, turn by turn (A B A B …), so that a machine that grows slower
 * or faster meanwhile treats them alike. Compare by `ratio`: each round's values have seen the same weather.
 *
 * @param variants each measures once and returns its value; the first is what the others are compared with
 */
export async function compare<Name extends string>(
  rounds: number,
  variants: Record<Name, (round: number) => Promise<number>>,
): Promise<Record<Name, Compared>> {
  const names = Object.keys(variants) as Name[];
  const values = new Map(names.map((name): [Name, number[]] => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) values.get(name)?.push(await variants[name](round));
  }
  const base = values.get(names[0] as Name) ?? [];
  const compared = names.map((name): [Name, Compared] => {
    const own = values.get(name) ?? [];
    const ratios = own.map((value, round) => value / (base[round] ?? Number.NaN));
    return [name, { rounds: own, median: median(own), ratio: median(ratios) }];
  });
  return Object.fromEntries(compared) as Record<Name, Compared>;
}
