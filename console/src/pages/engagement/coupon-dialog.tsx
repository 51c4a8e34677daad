import { NumberInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import { useReread } from '../../api/use-action.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { engagementTexts } from './engagement.texts.ts';

export interface Coupon {
  id: string;
  code: string;
  amount: string;
  max_redemptions: number;
  max_per_user: number;
  redemptions: number;
  valid_from: string;
  valid_until: string;
  state: 'active' | 'disabled' | 'expired';
}

export const COUPONS_PATH = '/api/admin/coupons';
const AMOUNT = /^\d{1,12}(?:\.\d{1,6})?$/;
const DAY_MS = 86_400_000;
const limits = { total: 10_000_000, perUser: 100, days: 3650 };

/** Makes a coupon that is valid from now on. */
export function CouponDialog({ onClose }: { onClose: () => void }) {
  const texts = useTexts(engagementTexts);
  const { say } = useNotices();
  const reread = useReread();
  const [code, setCode] = useState('');
  const [amount, setAmount] = useState('');
  const [numbers, setNumbers] = useState({ total: 100, perUser: 1, days: 30 });
  const inputs: Array<[name: keyof typeof numbers, label: string]> = [
    ['total', texts.maxRedemptions],
    ['perUser', texts.perUserLabel],
    ['days', texts.validDays],
  ];
  const act = async () => {
    const now = Date.now();
    const coupon = await api.post<Coupon>(COUPONS_PATH, {
      ...(code.trim() === '' ? {} : { code: code.trim() }),
      amount: amount.trim(),
      max_redemptions: numbers.total,
      max_per_user: numbers.perUser,
      valid_from: new Date(now).toISOString(),
      valid_until: new Date(now + numbers.days * DAY_MS).toISOString(),
    });
    say(texts.couponMade(coupon.code));
    await reread([COUPONS_PATH]);
  };
  return (
    <FormDialog
      title={texts.newCoupon}
      confirm={texts.make}
      canSubmit={AMOUNT.test(amount.trim())}
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
      <TextInput
        label={texts.code}
        description={texts.codeHint}
        maxLength={64}
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
      />
      {inputs.map(([name, label]) => (
        <NumberInput
          key={name}
          label={label}
          required
          min={1}
          max={limits[name]}
          allowDecimal={false}
          hideControls
          value={numbers[name]}
          onChange={(value) => setNumbers({ ...numbers, [name]: typeof value === 'number' ? value : 1 })}
        />
      ))}
    </FormDialog>
  );
}
