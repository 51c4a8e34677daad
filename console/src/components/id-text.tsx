import { CopyButton, Tooltip, UnstyledButton } from '@mantine/core';
import { defineTexts } from '../i18n/dictionary.ts';
import { useTexts } from '../i18n/language.tsx';
import classes from './id-text.module.css';

const texts = defineTexts({ copy: 'Copy', copied: 'Copied' }, { copy: '复制', copied: '已复制' });
const SHORTEST_CUT = 16;

/** An id, short enough for a table: ids of one time begin alike, so both ends are shown. Pressing it copies it whole. */
export function IdText({ value }: { value: string | null | undefined }) {
  const { copy, copied } = useTexts(texts);
  if (value === null || value === undefined) return <span>—</span>;
  const shown = value.length > SHORTEST_CUT ? `${value.slice(0, 8)}…${value.slice(-6)}` : value;
  return (
    <CopyButton value={value}>
      {({ copied: isCopied, copy: copyNow }) => (
        <Tooltip label={isCopied ? copied : value}>
          <UnstyledButton className={classes.id} onClick={copyNow} aria-label={`${shown}, ${copy}`}>
            {shown}
          </UnstyledButton>
        </Tooltip>
      )}
    </CopyButton>
  );
}
