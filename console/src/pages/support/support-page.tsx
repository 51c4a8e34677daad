import { Button, Stack, Text } from '@mantine/core';
import { api } from '../../api/client.ts';
import { useAction } from '../../api/use-action.ts';
import { useList } from '../../api/use-list.ts';
import { useRead } from '../../api/use-read.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { IdText } from '../../components/id-text.tsx';
import { Page, Panel } from '../../components/page.tsx';
import { PageTabs } from '../../components/page-tabs.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { Stat, Stats } from '../../components/stats.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { useUser } from '../../session/session.tsx';
import { ChatList } from './chat-list.tsx';
import { supportTexts } from './support.texts.ts';

const REFRESH_MS = 5000;

interface Queue {
  waiting: number;
  limit: number;
  oldest_opened_at: string | null;
  capacity_on_duty: number;
  mean_handling_seconds: number | null;
}

interface Agent {
  user_id: string;
  is_on_duty: boolean;
  can_be_reached: boolean;
  capacity: number;
  active_chats: number;
  seen_at: string;
  last_assigned_at: string | null;
}

/** Customer service as an operator sees it: the queue, the chats, the agents. */
export default function SupportPage() {
  const texts = useTexts(supportTexts);
  const { can } = useUser();
  const tabs = [
    { path: 'chats', label: texts.tabs.chats, content: <ChatList /> },
    { path: 'agents', label: texts.tabs.agents, content: <AgentList /> },
  ];
  return (
    <Page title={texts.title} lead={texts.lead} actions={can('support:answer') ? <Duty /> : null}>
      <Stack gap="md">
        <QueuePanel />
        <PageTabs base="/support" tabs={tabs} />
      </Stack>
    </Page>
  );
}

function QueuePanel() {
  const texts = useTexts(supportTexts);
  const { count, duration } = useFormats();
  const { data, error, refetch } = useRead<Queue>('/api/admin/support/queue', { everyMs: REFRESH_MS });
  const handlingMs = data?.mean_handling_seconds == null ? null : data.mean_handling_seconds * 1000;
  return (
    <Panel title={texts.queue}>
      {error ? <ProblemAlert problem={error} onRetry={() => void refetch()} /> : null}
      <Stats>
        <Stat name={texts.waiting}>{count(data?.waiting)}</Stat>
        <Stat name={texts.oldest}>
          <TimeAgo at={data?.oldest_opened_at} />
        </Stat>
        <Stat name={texts.capacity}>{count(data?.capacity_on_duty)}</Stat>
        <Stat name={texts.handling}>{duration(handlingMs)}</Stat>
        <Stat name={texts.limit}>{count(data?.limit)}</Stat>
      </Stats>
    </Panel>
  );
}

/** Whether the signed-in user takes chats, and the button that changes it. */
function Duty() {
  const texts = useTexts(supportTexts);
  const { count } = useFormats();
  const { data } = useRead<Agent>('/api/support/agent', { everyMs: REFRESH_MS });
  const change = useAction({
    act: (isOnDuty: boolean) => api.put('/api/support/agent', { is_on_duty: isOnDuty }),
    changes: ['/api/support/agent', '/api/admin/support'],
    done: (_, isOnDuty) => (isOnDuty ? texts.wentOn : texts.wentOff),
  });
  if (!data) return null;
  return (
    <>
      <StateBadge
        tone={data.is_on_duty ? 'ok' : 'neutral'}
        label={`${texts.duty}: ${data.is_on_duty ? texts.onDuty : texts.offDuty}`}
      />
      {data.is_on_duty ? (
        <Text size="sm" c="dimmed">
          {texts.yourChats(count(data.active_chats), count(data.capacity))}
        </Text>
      ) : null}
      <Button
        size="xs"
        variant="default"
        loading={change.isRunning}
        onClick={() => change.run(!data.is_on_duty)}
      >
        {data.is_on_duty ? texts.goOff : texts.goOn}
      </Button>
    </>
  );
}

function AgentList() {
  const texts = useTexts(supportTexts);
  const { count } = useFormats();
  const list = useList<Agent>('/api/admin/support/agents', { everyMs: REFRESH_MS });
  const columns: Array<Column<Agent>> = [
    { key: 'agent', header: texts.agent, render: (agent) => <IdText value={agent.user_id} /> },
    { key: 'state', header: texts.state, render: (agent) => <AgentState agent={agent} /> },
    {
      key: 'load',
      header: texts.load,
      align: 'end',
      render: (agent) => `${count(agent.active_chats)} / ${count(agent.capacity)}`,
    },
    { key: 'seen', header: texts.seen, render: (agent) => <TimeAgo at={agent.seen_at} /> },
    { key: 'assigned', header: texts.assigned, render: (agent) => <TimeAgo at={agent.last_assigned_at} /> },
  ];
  return (
    <Panel title={texts.tabs.agents} isPadded={false}>
      <DataTable
        label={texts.tabs.agents}
        columns={columns}
        list={list}
        rowKey={(agent) => agent.user_id}
        empty={{ title: texts.noAgents, hint: texts.noAgentsHint }}
      />
    </Panel>
  );
}

function AgentState({ agent }: { agent: Agent }) {
  const texts = useTexts(supportTexts);
  if (!agent.is_on_duty) return <StateBadge tone="neutral" label={texts.offDuty} />;
  if (!agent.can_be_reached) return <StateBadge tone="warning" label={texts.notReached} />;
  return <StateBadge tone="ok" label={texts.reached} />;
}
