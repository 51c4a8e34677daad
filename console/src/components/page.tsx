import { Group, Paper, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import classes from './page.module.css';

interface PageProps {
  title: string;
  /** One sentence: what is seen here. */
  lead?: ReactNode;
  /** Buttons that concern the whole page. */
  actions?: ReactNode;
  children: ReactNode;
}

/** A page below the header: its title (also of the browser's tab), what can be done, what is seen. */
export function Page({ title, lead, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Lockkeeper`;
  }, [title]);
  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-end" gap="sm">
        <div>
          <Title order={1}>{title}</Title>
          {lead === undefined ? null : (
            <Text size="sm" c="dimmed" component="div" maw={760}>
              {lead}
            </Text>
          )}
        </div>
        {actions === undefined ? null : <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}

interface PanelProps {
  title?: ReactNode;
  actions?: ReactNode;
  /** false: what is inside goes to the edges, as tables do. */
  isPadded?: boolean;
  children: ReactNode;
}

/** A part of a page with a frame around it. */
export function Panel({ title, actions, isPadded = true, children }: PanelProps) {
  return (
    <Paper withBorder className={classes.panel} component="section">
      {title === undefined && actions === undefined ? null : (
        <div className={classes.head}>
          {title === undefined ? null : (
            <Title order={2} size="h3">
              {title}
            </Title>
          )}
          {actions === undefined ? null : <Group gap="xs">{actions}</Group>}
        </div>
      )}
      <div className={isPadded ? classes.body : undefined}>{children}</div>
    </Paper>
  );
}
