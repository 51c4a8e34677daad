import { defineTexts } from '../i18n/dictionary.ts';

/** The words of the coin journal, for all pages that show it. */
export const coinTexts = defineTexts(
  {
    kinds: {
      grant: 'Grant',
      debt_payment: 'Debt paid',
      hold: 'Hold',
      settle: 'Settle',
      release: 'Release',
      expire: 'Expire',
      penalty: 'Penalty',
      block: 'Blocked',
      unblock: 'Unblocked',
    },
    holds: { open: 'Open', settled: 'Settled', released: 'Released', expired: 'Expired' },
  },
  {
    kinds: {
      grant: '发放',
      debt_payment: '偿还欠款',
      hold: '冻结',
      settle: '结算',
      release: '退回',
      expire: '过期退回',
      penalty: '扣罚',
      block: '封禁',
      unblock: '解封',
    },
    holds: { open: '冻结中', settled: '已结算', released: '已退回', expired: '已过期' },
  },
);
