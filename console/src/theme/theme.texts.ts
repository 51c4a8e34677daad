import { defineTexts } from '../i18n/dictionary.ts';

export const themeTexts = defineTexts(
  { label: 'Theme', auto: 'As the system', light: 'Light', dark: 'Dark' },
  { label: '主题', auto: '跟随系统', light: '浅色', dark: '深色' },
);
