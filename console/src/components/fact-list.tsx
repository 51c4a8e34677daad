import type { ReactNode } from 'react';
import classes from './fact-list.module.css';

/** Names and values below each other: `<FactList><Fact name="…">…</Fact></FactList>`. */
export function FactList({ children }: { children: ReactNode }) {
  return <dl className={classes.list}>{children}</dl>;
}

/** One line of a `FactList`. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
