import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { createContext, type FormEvent, type ReactNode, useContext, useMemo, useState } from 'react';
import { type ProblemError, toProblem } from '../api/problem.ts';
import { defineTexts } from '../i18n/dictionary.ts';
import { useTexts } from '../i18n/language.tsx';
import { ProblemAlert } from './problem-alert.tsx';

interface Question {
  title: string;
  /** What will happen, and whether it can be undone. */
  description: ReactNode;
  /** What the button says that does it. */
  confirm: string;
  /** It destroys something: the button is red. */
  isDangerous?: boolean;
  /** `none` for what is only confirmed, not given a reason. */
  reason?: 'required' | 'none';
  /** Does it. The dialog stays open, and shows the problem, if it throws. */
  act: (reason: string) => Promise<unknown>;
}

const texts = defineTexts(
  {
    reason: 'Reason',
    hint: 'Kept in the audit log together with your name.',
    cancel: 'Cancel',
    close: 'Close',
  },
  { reason: '原因', hint: '将与您的姓名一起保存在审计日志中。', cancel: '取消', close: '关闭' },
);
const LONGEST_REASON = 500;
const ReasonDialogContext = createContext<((question: Question) => void) | null>(null);

/** Holds the one dialog that asks before an action that is audited or cannot be undone. */
export function ReasonDialogProvider({ children }: { children: ReactNode }) {
  const { close } = useTexts(texts);
  const [question, setQuestion] = useState<Question | null>(null);
  const [isOpen, setOpen] = useState(false);
  const ask = useMemo(
    () => (asked: Question) => {
      setQuestion(asked);
      setOpen(true);
    },
    [],
  );
  return (
    <ReasonDialogContext value={ask}>
      {children}
      <Modal
        opened={isOpen}
        onClose={() => setOpen(false)}
        onExitTransitionEnd={() => setQuestion(null)}
        title={question?.title}
        closeButtonProps={{ 'aria-label': close }}
        centered
      >
        {question ? <QuestionForm question={question} onClose={() => setOpen(false)} /> : null}
      </Modal>
    </ReasonDialogContext>
  );
}

/** Asks before an action: `ask({ title, description, confirm, act: (reason) => api.post(…, { reason }) })`. */
export function useReasonDialog(): (question: Question) => void {
  const ask = useContext(ReasonDialogContext);
  if (!ask) throw new Error('useReasonDialog is used outside of ReasonDialogProvider.');
  return ask;
}

function QuestionForm({ question, onClose }: { question: Question; onClose: () => void }) {
  const words = useTexts(texts);
  const [reason, setReason] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const hasReason = question.reason !== 'none';
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await question.act(reason.trim());
      onClose();
    } catch (error) {
      setProblem(toProblem(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="md">
        <Text size="sm" component="div">
          {question.description}
        </Text>
        {hasReason ? (
          <Textarea
            label={words.reason}
            description={words.hint}
            required
            data-autofocus
            autosize
            minRows={2}
            maxRows={6}
            maxLength={LONGEST_REASON}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        ) : null}
        {problem ? <ProblemAlert problem={problem} /> : null}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {words.cancel}
          </Button>
          <Button
            type="submit"
            loading={isBusy}
            disabled={hasReason && reason.trim() === ''}
            {...(question.isDangerous ? { color: 'red.8' } : {})}
          >
            {question.confirm}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
