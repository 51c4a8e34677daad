import type { ReactNode } from 'react';
import classes from './stats.module.css';

/** A few numbers beside each other that are to be seen at a glance: `<Stats><Stat name="…">…</Stat></Stats>`. */
export function Stats({ children }: { children: ReactNode }) {
  return <dl className={classes.list}>{children}</dl>;
}

/** One number of `Stats`. */
export function Stat({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={classes.stat}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
