import { ActionIcon, CopyButton, Tooltip } from '@mantine/core';
import { defineTexts } from '../i18n/dictionary.ts';
import { useTexts } from '../i18n/language.tsx';
import { Icon } from './icon.tsx';
import classes from './json-view.module.css';

const texts = defineTexts({ copy: 'Copy', copied: 'Copied' }, { copy: '复制', copied: '已复制' });
/** More would make the page slow; what is copied is whole. */
const MOST_CHARACTERS = 100_000;

/** Data, a stack or other text as it is, with a button that copies it. `label` names it to screen readers. */
export function JsonView({
  value,
  label,
  maxHeight = 360,
}: {
  value: unknown;
  label: string;
  maxHeight?: number;
}) {
  const { copy, copied } = useTexts(texts);
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return (
    <div className={classes.frame}>
      <pre className={classes.text} style={{ maxHeight }} tabIndex={0} role="region" aria-label={label}>
        {text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text}
      </pre>
      <CopyButton value={text}>
        {({ copied: isCopied, copy: copyNow }) => (
          <Tooltip label={isCopied ? copied : copy}>
            <ActionIcon
              className={classes.copy}
              variant="default"
              onClick={copyNow}
              aria-label={`${copy}: ${label}`}
            >
              <Icon name={isCopied ? 'check' : 'copy'} />
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </div>
  );
}
