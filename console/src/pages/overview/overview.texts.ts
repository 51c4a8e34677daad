import { defineTexts } from '../../i18n/dictionary.ts';

export const overviewTexts = defineTexts(
  {
    title: 'Overview',
    lead: 'Whether work flows, ends well, and is looked after.',
    waiting: 'Waiting for the first report',
  },
  { title: '总览', lead: '工作是否在流动、是否顺利完成、是否有人看管。', waiting: '正在等待第一份报告' },
);
