import { Tabs } from '@mantine/core';
import type { ReactNode } from 'react';
import { useNavigate, useParams } from 'react-router';
import classes from './page-tabs.module.css';

interface PageTab {
  /** Below the page's own path; the first tab is shown where none is named. */
  readonly path: string;
  readonly label: string;
  readonly content: ReactNode;
}

/** Parts of a page that are looked at one at a time. Each has an address, and is made only when it is opened. */
export function PageTabs({ base, tabs }: { base: string; tabs: readonly PageTab[] }) {
  const navigate = useNavigate();
  const [segment] = (useParams()['*'] ?? '').split('/');
  const open = tabs.find(({ path }) => path === segment) ?? tabs[0];
  if (!open) return null;
  return (
    <Tabs
      value={open.path}
      onChange={(path) => void navigate(`${base}/${path ?? ''}`)}
      keepMounted={false}
      activateTabWithKeyboard={false}
    >
      <Tabs.List mb="md" className={classes.list}>
        {tabs.map(({ path, label }) => (
          <Tabs.Tab key={path} value={path} className={classes.tab}>
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map(({ path, content }) => (
        <Tabs.Panel key={path} value={path}>
          {content}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
