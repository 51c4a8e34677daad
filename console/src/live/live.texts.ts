import { defineTexts } from '../i18n/dictionary.ts';

export const liveTexts = defineTexts(
  {
    live: 'Live',
    connecting: 'Connecting',
    reconnecting: 'Reconnecting',
    off: 'Not connected',
    degraded: 'Degraded',
    reconnectingHint: 'The live stream broke. The last known values are shown; it is being opened again.',
    redisDown:
      'Redis is down. The direct path is in use: turns are saved, schedules go on, queued work waits.',
    mysqlDown: 'MySQL is down. New work is refused until it is back; nothing that was accepted is lost.',
  },
  {
    live: '实时',
    connecting: '连接中',
    reconnecting: '重新连接中',
    off: '未连接',
    degraded: '降级运行',
    reconnectingHint: '实时数据流已中断，正在重新连接；当前显示的是最近一次的数据。',
    redisDown: 'Redis 不可用，正在使用直接路径：对话仍会保存，定时任务继续运行，排队的工作暂时等待。',
    mysqlDown: 'MySQL 不可用。恢复前将拒绝新的工作；已接受的内容不会丢失。',
  },
);
