import { defineTexts } from '../i18n/dictionary.ts';

/** Titles by code where a translation says more than the server's English, and what to do. */
export const problemTexts = defineTexts(
  {
    code: 'Code',
    errorId: 'Error id',
    retry: 'Try again',
    retryIn: (seconds: number) => `Try again in ${seconds} s.`,
    titles: {
      network_error: 'The server did not answer.',
      console_error: 'The console made a mistake.',
    },
    advice: {
      network_error: 'Check that the API runs (npm run doctor) and that this browser reaches it.',
      console_error: 'Reload the page. If it happens again, report what is written here.',
      csrf_token_missing: 'The session has changed: reload the page and sign in again.',
      service_unavailable: 'A part it needs is away. The overview says which; try again when it is back.',
      internal_error: 'Look for the error id in the logs of the API: the cause is written there.',
    },
    byStatus: {
      s401: 'Sign in again.',
      s403: 'Your role does not allow this. Ask an administrator.',
      s404: 'It is gone, or never was. Go back and read the list again.',
      s409: 'Someone or something was faster. Read it again, then decide.',
      s429: 'Too much at once: wait a moment.',
      s5xx: 'Try again in a moment. If it goes on, look for the error id in the logs.',
    },
  },
  {
    code: '代码',
    errorId: '错误编号',
    retry: '重试',
    retryIn: (seconds) => `请在 ${seconds} 秒后重试。`,
    titles: {
      network_error: '服务器没有响应。',
      console_error: '控制台出现了错误。',
    },
    advice: {
      network_error: '请确认 API 正在运行（npm run doctor），且此浏览器可以访问它。',
      console_error: '请刷新页面。如果再次出现，请报告此处的内容。',
      csrf_token_missing: '会话已变更：请刷新页面并重新登录。',
      service_unavailable: '所需的部分暂不可用。总览页会说明是哪一部分；恢复后再试。',
      internal_error: '请在 API 日志中查找该错误编号，原因写在那里。',
    },
    byStatus: {
      s401: '请重新登录。',
      s403: '您的角色没有此权限，请联系管理员。',
      s404: '它已不存在。请返回并重新读取列表。',
      s409: '已有其他操作先行完成。请重新读取后再决定。',
      s429: '请求过于频繁，请稍候。',
      s5xx: '请稍后重试。如果持续出现，请在日志中查找错误编号。',
    },
  },
);
