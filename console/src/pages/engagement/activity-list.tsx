import { Button } from '@mantine/core';
import { api } from '../../api/client.ts';
import { useReread } from '../../api/use-action.ts';
import { useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/page.tsx';
import { useReasonDialog } from '../../components/reason-dialog.tsx';
import { StateBadge, type Tone } from '../../components/state-badge.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { textNamed } from '../../i18n/dictionary.ts';
import { useTexts } from '../../i18n/language.tsx';
import { useNotices } from '../../notices/notices.tsx';
import { engagementTexts } from './engagement.texts.ts';

interface Activity {
  id: string;
  title: string;
  rule: { kind: string };
  starts_at: string;
  ends_at: string;
  state: 'open' | 'counting' | 'paying' | 'ended' | 'cancelled';
}

const ACTIVITIES_PATH = '/api/admin/activities';
const tones: Record<Activity['state'], Tone> = {
  open: 'ok',
  counting: 'info',
  paying: 'info',
  ended: 'neutral',
  cancelled: 'neutral',
};

/** Activities, the newest first. */
export function ActivityList() {
  const texts = useTexts(engagementTexts);
  const list = useList<Activity>(ACTIVITIES_PATH);
  const columns: Array<Column<Activity>> = [
    { key: 'title', header: texts.activity, render: ({ title }) => title },
    { key: 'rule', header: texts.rule, render: ({ rule }) => textNamed(texts.rules, rule.kind) ?? rule.kind },
    {
      key: 'state',
      header: texts.state,
      render: ({ state }) => <StateBadge tone={tones[state]} label={texts.activityStates[state]} />,
    },
    { key: 'starts', header: texts.starts, render: (activity) => <TimeAgo at={activity.starts_at} /> },
    { key: 'ends', header: texts.ends, render: (activity) => <TimeAgo at={activity.ends_at} /> },
    {
      key: 'actions',
      header: texts.actions,
      align: 'end',
      render: (activity) => (activity.state === 'open' ? <CancelButton activity={activity} /> : null),
    },
  ];
  return (
    <Panel title={texts.tabs.activities} isPadded={false}>
      <DataTable
        label={texts.tabs.activities}
        columns={columns}
        list={list}
        rowKey={({ id }) => id}
        empty={{ title: texts.noActivities, hint: texts.noActivitiesHint }}
      />
    </Panel>
  );
}

function CancelButton({ activity: { id, title } }: { activity: Activity }) {
  const texts = useTexts(engagementTexts);
  const ask = useReasonDialog();
  const reread = useReread();
  const { say } = useNotices();
  const cancel = () =>
    ask({
      title: texts.cancelTitle,
      description: `${title}. ${texts.cancelText}`,
      confirm: texts.cancel,
      isDangerous: true,
      reason: 'none',
      act: async () => {
        await api.post(`${ACTIVITIES_PATH}/${id}/cancel`);
        say(texts.cancelled);
        await reread([ACTIVITIES_PATH]);
      },
    });
  return (
    <Button size="compact-xs" variant="default" aria-label={`${texts.cancel}: ${title}`} onClick={cancel}>
      {texts.cancel}
    </Button>
  );
}
