import { useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/page.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { modeTones } from './mode-tones.ts';
import { SCHEDULER_PATH, type Switch } from './schedule-api.ts';
import { schedulesTexts } from './schedules.texts.ts';

const PAGE_ROWS = 10;
const REFRESH_MS = 15_000;

/** When the schedules changed hands or their way, and why. */
export function SwitchList() {
  const { columns: headers, mode: texts, modes } = useTexts(schedulesTexts);
  const { dateTime } = useFormats();
  const list = useList<Switch>(`${SCHEDULER_PATH}/switches`, { limit: PAGE_ROWS, everyMs: REFRESH_MS });
  const columns: Array<Column<Switch>> = [
    { key: 'at', header: headers.at, render: ({ at }) => dateTime(at) },
    {
      key: 'change',
      header: headers.change,
      render: ({ kind, to_mode: mode }) =>
        kind === 'mode' ? (
          <StateBadge tone={modeTones[mode]} label={modes[mode]} />
        ) : (
          <StateBadge tone="neutral" label={texts.taken} />
        ),
    },
    { key: 'why', header: headers.why, render: ({ reason }) => <span lang="en">{reason}</span> },
    {
      key: 'process',
      header: headers.process,
      render: ({ process }) => <span className="mono">{process}</span>,
    },
    { key: 'epoch', header: headers.epoch, align: 'end', render: ({ epoch }) => epoch },
  ];
  return (
    <Panel title={texts.switches} isPadded={false}>
      <DataTable
        label={texts.switches}
        columns={columns}
        list={list}
        rowKey={({ id }) => id}
        empty={{ title: texts.noSwitches, hint: texts.noSwitchesHint }}
      />
    </Panel>
  );
}
