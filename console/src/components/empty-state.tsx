import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './empty-state.module.css';
import { Icon, type IconName } from './icon.tsx';

/** Why nothing is shown, and what to do to see something. */
export function EmptyState({
  title,
  hint,
  icon = 'empty',
}: {
  title: string;
  hint?: ReactNode;
  icon?: IconName;
}) {
  return (
    <div className={classes.state}>
      <span className={classes.icon}>
        <Icon name={icon} size={28} />
      </span>
      <Text fw={500}>{title}</Text>
      {hint === undefined ? null : (
        <Text size="sm" c="dimmed" maw={460}>
          {hint}
        </Text>
      )}
    </div>
  );
}
