import { Skeleton, Text, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import { useReread } from '../../api/use-action.ts';
import { useRead } from '../../api/use-read.ts';
import { Fact, FactList } from '../../components/fact-list.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { marketplaceTexts } from './marketplace.texts.ts';
import { type Task, TASKS_PATH } from './task-api.ts';

const AMOUNT = /^\d{1,12}(?:\.\d{1,6})?$/;
const LONGEST_NOTE = 500;

/** Shows what a dispute is about and what was delivered, and decides how much of the reward the expert is paid. */
export function DecisionDialog({ taskId, onClose }: { taskId: string; onClose: () => void }) {
  const texts = useTexts(marketplaceTexts);
  const { say } = useNotices();
  const reread = useReread();
  const task = useRead<Task>(`${TASKS_PATH}/${taskId}`);
  const [payment, setPayment] = useState('');
  const [note, setNote] = useState('');
  const act = async () => {
    await api.post(`${TASKS_PATH}/${taskId}/decision`, { payment: payment.trim(), note: note.trim() });
    say(texts.decided);
    await reread([TASKS_PATH]);
  };
  return (
    <FormDialog
      title={texts.decideTitle}
      description={texts.decideText}
      confirm={texts.decide}
      isDangerous
      canSubmit={task.data !== undefined && AMOUNT.test(payment.trim()) && note.trim() !== ''}
      onClose={onClose}
      act={act}
    >
      {task.error ? <ProblemAlert problem={task.error} onRetry={() => void task.refetch()} /> : null}
      {task.data ? <TaskFacts task={task.data} /> : task.error ? null : <Skeleton height={120} />}
      <TextInput
        label={texts.payment}
        description={task.data ? texts.paymentHint(task.data.reward) : ''}
        inputMode="decimal"
        required
        value={payment}
        onChange={(event) => setPayment(event.currentTarget.value)}
      />
      <Textarea
        label={texts.note}
        required
        autosize
        minRows={2}
        maxLength={LONGEST_NOTE}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
    </FormDialog>
  );
}

function TaskFacts({ task }: { task: Task }) {
  const texts = useTexts(marketplaceTexts);
  const said: Array<[name: string, text: string | null | undefined]> = [
    [texts.description, `${task.title}\n${task.description}`],
    [texts.delivery, task.delivery],
    [texts.dispute, task.dispute_reason],
  ];
  return (
    <FactList>
      {said.map(([name, text]) => (
        <Fact key={name} name={name}>
          <Text size="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {text ?? texts.nothing}
          </Text>
        </Fact>
      ))}
    </FactList>
  );
}
