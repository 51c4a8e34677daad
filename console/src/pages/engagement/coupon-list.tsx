import { Button } from '@mantine/core';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import { useReread } from '../../api/use-action.ts';
import { useList } from '../../api/use-list.ts';
import { CoinAmount } from '../../components/coin-amount.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Icon } from '../../components/icon.tsx';
import { Panel } from '../../components/page.tsx';
import { useReasonDialog } from '../../components/reason-dialog.tsx';
import { StateBadge, type Tone } from '../../components/state-badge.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { type Coupon, COUPONS_PATH, CouponDialog } from './coupon-dialog.tsx';
import { engagementTexts } from './engagement.texts.ts';

const tones: Record<Coupon['state'], Tone> = { active: 'ok', disabled: 'neutral', expired: 'neutral' };

/** Coupons, the newest first. */
export function CouponList() {
  const texts = useTexts(engagementTexts);
  const [isMaking, setMaking] = useState(false);
  const list = useList<Coupon>(COUPONS_PATH);
  return (
    <Panel
      title={texts.tabs.coupons}
      isPadded={false}
      actions={
        <Button size="xs" leftSection={<Icon name="plus" size={14} />} onClick={() => setMaking(true)}>
          {texts.newCoupon}
        </Button>
      }
    >
      <DataTable
        label={texts.tabs.coupons}
        columns={useColumns()}
        list={list}
        rowKey={({ id }) => id}
        empty={{ title: texts.noCoupons, hint: texts.noCouponsHint }}
      />
      {isMaking ? <CouponDialog onClose={() => setMaking(false)} /> : null}
    </Panel>
  );
}

function useColumns(): Array<Column<Coupon>> {
  const texts = useTexts(engagementTexts);
  const { count } = useFormats();
  return [
    { key: 'code', header: texts.code, render: ({ code }) => <span className="mono">{code}</span> },
    {
      key: 'amount',
      header: texts.amount,
      align: 'end',
      render: ({ amount }) => <CoinAmount value={amount} />,
    },
    {
      key: 'redeemed',
      header: texts.redeemed,
      align: 'end',
      render: (coupon) => `${count(coupon.redemptions)} / ${count(coupon.max_redemptions)}`,
    },
    { key: 'each', header: texts.perUser, align: 'end', render: (coupon) => count(coupon.max_per_user) },
    {
      key: 'state',
      header: texts.state,
      render: ({ state }) => <StateBadge tone={tones[state]} label={texts.couponStates[state]} />,
    },
    { key: 'until', header: texts.validUntil, render: (coupon) => <TimeAgo at={coupon.valid_until} /> },
    {
      key: 'actions',
      header: texts.actions,
      align: 'end',
      render: (coupon) => (coupon.state === 'active' ? <EndButton coupon={coupon} /> : null),
    },
  ];
}

function EndButton({ coupon: { id, code } }: { coupon: Coupon }) {
  const texts = useTexts(engagementTexts);
  const ask = useReasonDialog();
  const reread = useReread();
  const { say } = useNotices();
  const end = () =>
    ask({
      title: texts.endCouponTitle(code),
      description: texts.endCouponText,
      confirm: texts.endCoupon,
      isDangerous: true,
      reason: 'none',
      act: async () => {
        await api.post(`${COUPONS_PATH}/${id}/disable`);
        say(texts.couponEnded);
        await reread([COUPONS_PATH]);
      },
    });
  return (
    <Button size="compact-xs" variant="default" aria-label={`${texts.endCoupon}: ${code}`} onClick={end}>
      {texts.endCoupon}
    </Button>
  );
}
