import type { ComponentType } from 'react';
import type { IconName } from '../components/icon.tsx';
import type { Language } from '../i18n/dictionary.ts';

/** A page of the console: where it is, who sees it in the navigation, and what to load when it is opened. */
export interface PageEntry {
  /** Below `/console/`, in kebab-case. The page may have routes of its own below it. */
  readonly path: string;
  readonly icon: IconName;
  readonly title: Readonly<Record<Language, string>>;
  /** The scope without which the page is of no use. */
  readonly scope: string;
  readonly load: () => Promise<{ default: ComponentType }>;
}

/** Pages that stand together in the navigation. */
interface PageGroup {
  readonly key: string;
  readonly title: Readonly<Record<Language, string>>;
  readonly pages: readonly PageEntry[];
}

/** Every page, in the order of the navigation. One line adds one. */
// oxfmt-ignore
export const pageGroups: readonly PageGroup[] = [
  { key: 'operations', title: { en: 'Operations', zh: '运维' }, pages: [
    { path: 'overview', icon: 'pulse', title: { en: 'Overview', zh: '总览' }, scope: 'operations', load: () => import('./overview/overview-page.tsx') },
    { path: 'queues', icon: 'queue', title: { en: 'Queues', zh: '队列' }, scope: 'operations', load: () => import('./queues/queues-page.tsx') },
    { path: 'processes', icon: 'process', title: { en: 'Processes', zh: '进程' }, scope: 'operations', load: () => import('./processes/processes-page.tsx') },
    { path: 'schedules', icon: 'clock', title: { en: 'Schedules', zh: '定时任务' }, scope: 'operations', load: () => import('./schedules/schedules-page.tsx') },
  ] },
  { key: 'product', title: { en: 'Product', zh: '产品' }, pages: [
    { path: 'playground', icon: 'play', title: { en: 'Playground', zh: '试用场' }, scope: 'chat', load: () => import('./playground/playground-page.tsx') },
    { path: 'conversations', icon: 'chat', title: { en: 'Conversations', zh: '对话' }, scope: 'conversations:read', load: () => import('./conversations/conversations-page.tsx') },
    { path: 'files', icon: 'file', title: { en: 'Files', zh: '文件' }, scope: 'files', load: () => import('./files/files-page.tsx') },
    { path: 'graph', icon: 'graph', title: { en: 'Graph', zh: '图谱' }, scope: 'knowledge', load: () => import('./graph/graph-page.tsx') },
    { path: 'tasks', icon: 'tasks', title: { en: 'Tasks', zh: '后台任务' }, scope: 'tasks', load: () => import('./tasks/tasks-page.tsx') },
    { path: 'coins', icon: 'coins', title: { en: 'Coins', zh: '金币' }, scope: 'coins:read', load: () => import('./coins/coins-page.tsx') },
    { path: 'logs', icon: 'log', title: { en: 'Logs', zh: '日志' }, scope: 'logs:read', load: () => import('./logs/logs-page.tsx') },
    { path: 'support', icon: 'support', title: { en: 'Support', zh: '客服' }, scope: 'operations', load: () => import('./support/support-page.tsx') },
    { path: 'engagement', icon: 'gift', title: { en: 'Engagement', zh: '运营' }, scope: 'operations', load: () => import('./engagement/engagement-page.tsx') },
    { path: 'marketplace', icon: 'market', title: { en: 'Marketplace', zh: '集市' }, scope: 'operations', load: () => import('./marketplace/marketplace-page.tsx') },
  ] },
];

export const pages: readonly PageEntry[] = pageGroups.flatMap((group) => group.pages);
