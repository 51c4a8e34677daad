/** What operators ask first. */
export const verdictNames = ['flow', 'execution', 'liveness'] as const;
export type VerdictName = (typeof verdictNames)[number];

export const verdictStates = ['ok', 'warning', 'failing'] as const;
export type VerdictState = (typeof verdictStates)[number];

/** Something that is not as it should be. `docs/monitoring.md` has a row for each code. */
export interface Finding {
  readonly verdict: VerdictName;
  readonly state: Exclude<VerdictState, 'ok'>;
  readonly reasonCode: string;
  /** One sentence: what is wrong. */
  readonly reason: string;
  /** One sentence: what to do about it. */
  readonly action: string;
}

export interface Verdict {
  readonly state: VerdictState;
  readonly reasonCode: string;
  readonly reason: string;
  readonly action: string;
  /** What else speaks against it, the worst first. */
  readonly also: readonly Finding[];
}

/** A verdict against which nothing speaks. */
const good: Readonly<Record<VerdictName, Pick<Verdict, 'reasonCode' | 'reason'>>> = {
  flow: { reasonCode: 'all_flowing', reason: 'Work comes in and gets through in time.' },
  execution: { reasonCode: 'all_succeeding', reason: 'What runs ends well.' },
  liveness: { reasonCode: 'all_alive', reason: 'All processes are there and get on.' },
};
const NOTHING_TO_DO = 'Nothing to do.';

/** The verdicts that follow from what was found: each is as bad as the worst of it. Of equals the first counts. */
export function judge(findings: readonly Finding[]): Record<VerdictName, Verdict> {
  return {
    flow: judgeOne('flow', findings),
    execution: judgeOne('execution', findings),
    liveness: judgeOne('liveness', findings),
  };
}

function judgeOne(name: VerdictName, findings: readonly Finding[]): Verdict {
  const own = findings.filter(({ verdict }) => verdict === name);
  const [worst, ...also] = [
    ...own.filter(({ state }) => state === 'failing'),
    ...own.filter(({ state }) => state === 'warning'),
  ];
  if (!worst) return { state: 'ok', ...good[name], action: NOTHING_TO_DO, also: [] };
  const { state, reasonCode, reason, action } = worst;
  return { state, reasonCode, reason, action, also };
}
