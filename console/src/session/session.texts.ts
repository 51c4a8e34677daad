import { defineTexts } from '../i18n/dictionary.ts';

export const sessionTexts = defineTexts(
  {
    title: 'Sign in',
    email: 'E-mail address',
    password: 'Password',
    submit: 'Sign in',
    hint: 'The first administrator’s credentials are in .data/credentials.json of the installation.',
    subtitle: 'Operator’s console',
    tryAgain: 'Try again',
  },
  {
    title: '登录',
    email: '电子邮箱',
    password: '密码',
    submit: '登录',
    hint: '首个管理员的凭据保存在安装目录的 .data/credentials.json 中。',
    subtitle: '运维控制台',
    tryAgain: '重试',
  },
);
