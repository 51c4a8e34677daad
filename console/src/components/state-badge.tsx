import type { ReactNode } from 'react';
import classes from './state-badge.module.css';

/** What a state means to an operator. */
export type Tone = 'ok' | 'warning' | 'failing' | 'info' | 'neutral';

/** A state as a word with a dot: the colour says nothing that the word does not. */
export function StateBadge({ tone, label }: { tone: Tone; label: ReactNode }) {
  return (
    <span className={classes.badge} data-tone={tone}>
      <span className={classes.dot} aria-hidden="true" />
      {label}
    </span>
  );
}
