import { Notification, Stack } from '@mantine/core';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import type { ProblemError } from '../api/problem.ts';
import { Icon } from '../components/icon.tsx';
import { ProblemText } from '../components/problem-alert.tsx';
import { useTexts } from '../i18n/language.tsx';
import { defineTexts } from '../i18n/dictionary.ts';
import classes from './notices.module.css';

interface Notice {
  id: number;
  content: string | ProblemError;
}

interface Notices {
  /** Says that something is done; goes away by itself. */
  say: (text: string) => void;
  /** Shows what went wrong until it is closed. */
  tell: (problem: ProblemError) => void;
}

const texts = defineTexts({ close: 'Close' }, { close: '关闭' });
const SHOWN_MS = 6000;
/** The oldest give way. */
const MOST_NOTICES = 4;
const NoticesContext = createContext<Notices | null>(null);

/** Shows notices in a corner and reads them out to screen readers. */
export function NoticesProvider({ children }: { children: ReactNode }) {
  const { close } = useTexts(texts);
  const [notices, setNotices] = useState<Notice[]>([]);
  const lastId = useRef(0);
  const remove = useCallback((id: number) => setNotices((all) => all.filter((one) => one.id !== id)), []);
  const value = useMemo<Notices>(() => {
    const add = (content: Notice['content']) => {
      const id = ++lastId.current;
      setNotices((all) => [...all.slice(1 - MOST_NOTICES), { id, content }]);
      return id;
    };
    return {
      say: (text) => {
        const id = add(text);
        setTimeout(() => remove(id), SHOWN_MS);
      },
      tell: (problem) => void add(problem),
    };
  }, [remove]);
  return (
    <NoticesContext value={value}>
      {children}
      <Stack className={classes.corner} gap="xs" role="status" aria-live="polite">
        {notices.map(({ id, content }) => (
          <Notification
            key={id}
            withBorder
            color={typeof content === 'string' ? 'var(--tone-ok)' : 'var(--tone-failing)'}
            icon={<Icon name={typeof content === 'string' ? 'check' : 'warning'} />}
            onClose={() => remove(id)}
            closeButtonProps={{ 'aria-label': close }}
            role="group"
          >
            {typeof content === 'string' ? content : <ProblemText problem={content} />}
          </Notification>
        ))}
      </Stack>
    </NoticesContext>
  );
}

/** Says things to the user that belong to no place of the page. */
export function useNotices(): Notices {
  const value = useContext(NoticesContext);
  if (!value) throw new Error('useNotices is used outside of NoticesProvider.');
  return value;
}
