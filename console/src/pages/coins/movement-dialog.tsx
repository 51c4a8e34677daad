import { NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import { useReread } from '../../api/use-action.ts';
import { useOperationKey } from '../../api/use-operation-key.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { coinsTexts } from './coins.texts.ts';

export type Movement = 'grant' | 'penalty';

const reasons = {
  grant: ['adjustment', 'purchase', 'coupon'],
  penalty: ['adjustment', 'violation', 'chargeback'],
} as const;
/** As the API reads amounts; it says itself what is wrong with others. */
const AMOUNT = /^\d{1,12}(?:\.\d{1,6})?$/;
const LONGEST_NOTE = 500;

/** Gives coins to a user, or takes some: how many, why, and a note for the journal. */
export function MovementDialog({
  movement,
  userId,
  onClose,
}: {
  movement: Movement;
  userId: string;
  onClose: () => void;
}) {
  const texts = useTexts(coinsTexts);
  const { say } = useNotices();
  const reread = useReread();
  const keyFor = useOperationKey();
  const [amount, setAmount] = useState('');
  const [reason, setReason] = useState<string>(reasons[movement][0]);
  const [note, setNote] = useState('');
  const isGrant = movement === 'grant';
  const act = async () => {
    const body = { amount: amount.trim(), reason, note: note.trim() };
    const path = `/api/coins/accounts/${userId}/${isGrant ? 'grants' : 'penalties'}`;
    await api.post(path, body, { idempotencyKey: keyFor({ path, body }) });
    say(isGrant ? texts.done.granted : texts.done.penalized);
    await reread(['/api/coins/']);
  };
  return (
    <FormDialog
      title={`${isGrant ? texts.grant : texts.penalize}: ${userId}`}
      description={isGrant ? texts.grantText : texts.penalizeText}
      confirm={isGrant ? texts.grant : texts.penalize}
      isDangerous={!isGrant}
      canSubmit={AMOUNT.test(amount.trim()) && note.trim() !== ''}
      onClose={onClose}
      act={act}
    >
      <TextInput
        label={texts.amount}
        description={texts.amountHint}
        inputMode="decimal"
        required
        data-autofocus
        value={amount}
        onChange={(event) => setAmount(event.currentTarget.value)}
      />
      <NativeSelect
        label={texts.reason}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        data={reasons[movement].map((value) => ({ value, label: texts.reasons[value] }))}
      />
      <Textarea
        label={texts.noteLabel}
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
