/** How little the first ranks count above the next: the constant of Cormack, Clarke and Büttcher (SIGIR 2009). */
const RANK_OFFSET = 60;

/**
 * Joins rankings of the same things into one: reciprocal rank fusion. What several rankings have comes first; how much a
 * ranking's own scores differ is of no account.
 * @returns each thing with its score, the best first; those with the same score in the order in which they were met.
 */
export function fuseRankings(rankings: readonly (readonly number[])[]): { item: number; score: number }[] {
  const scores = new Map<number, number>();
  for (const ranking of rankings) {
    ranking.forEach((item, rank) => {
      scores.set(item, (scores.get(item) ?? 0) + 1 / (RANK_OFFSET + rank + 1));
    });
  }
  return Array.from(scores, ([item, score]) => ({ item, score })).sort((a, b) => b.score - a.score);
}
