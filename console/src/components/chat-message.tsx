import { Text } from '@mantine/core';
import { memo, type ReactNode } from 'react';
import { defineTexts, textNamed } from '../i18n/dictionary.ts';
import { useTexts } from '../i18n/language.tsx';
import classes from './chat-message.module.css';

const texts = defineTexts(
  {
    noText: 'No text',
    roles: {
      user: 'User',
      assistant: 'Model',
      tool: 'Tool',
      system: 'System',
      agent: 'Agent',
    },
  },
  {
    noText: '没有文字',
    roles: { user: '用户', assistant: '模型', tool: '工具', system: '系统', agent: '客服' },
  },
);

interface ChatMessageProps {
  role: string;
  text: string;
  /** Stands beside who said it. */
  at?: ReactNode;
  /** It is still being written: an end is marked. */
  isRunning?: boolean;
  /** Below the text. */
  children?: ReactNode;
}

/** Something that was said: the user's on one side, all else on the other. The text is shown as it is. */
export const ChatMessage = memo(function ChatMessage(props: ChatMessageProps) {
  const { role, text, at, isRunning = false, children } = props;
  const words = useTexts(texts);
  return (
    <article className={classes.message} data-role={role} data-running={isRunning}>
      <div className={classes.who}>
        {textNamed(words.roles, role) ?? role}
        {at === undefined ? null : <> · {at}</>}
      </div>
      <div className={classes.text} data-part="text">
        {text}
      </div>
      {text === '' && !isRunning ? (
        <Text size="sm" c="dimmed" fs="italic">
          {words.noText}
        </Text>
      ) : null}
      {children}
    </article>
  );
});
