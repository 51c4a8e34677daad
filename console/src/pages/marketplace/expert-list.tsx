import { Button, Text } from '@mantine/core';
import { api } from '../../api/client.ts';
import { useAction } from '../../api/use-action.ts';
import { useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { IdText } from '../../components/id-text.tsx';
import { Panel } from '../../components/page.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { marketplaceTexts } from './marketplace.texts.ts';

interface Expert {
  user_id: string;
  display_name: string;
  bio: string;
  skills: string[];
  is_featured: boolean;
  response_median_ms: number | null;
  response_count: number;
}

const EXPERTS_PATH = '/api/marketplace/experts';

/** The experts, the featured ones first. */
export function ExpertList() {
  const texts = useTexts(marketplaceTexts);
  const { count, duration } = useFormats();
  const list = useList<Expert>(EXPERTS_PATH);
  const columns: Array<Column<Expert>> = [
    { key: 'name', header: texts.name, render: (expert) => <Name expert={expert} /> },
    { key: 'skills', header: texts.skills, render: ({ skills }) => skills.join(', ') || '—' },
    { key: 'id', header: texts.expert, render: (expert) => <IdText value={expert.user_id} /> },
    {
      key: 'response',
      header: texts.response,
      align: 'end',
      render: (expert) => duration(expert.response_median_ms),
    },
    { key: 'answers', header: texts.answers, align: 'end', render: (expert) => count(expert.response_count) },
    {
      key: 'featured',
      header: texts.featured,
      render: (expert) => (expert.is_featured ? <StateBadge tone="ok" label={texts.featured} /> : '—'),
    },
    {
      key: 'actions',
      header: texts.actions,
      align: 'end',
      render: (expert) => <FeatureButton expert={expert} />,
    },
  ];
  return (
    <Panel title={texts.tabs.experts} isPadded={false}>
      <DataTable
        label={texts.tabs.experts}
        columns={columns}
        list={list}
        rowKey={(expert) => expert.user_id}
        empty={{ title: texts.noExperts, hint: texts.noExpertsHint }}
      />
    </Panel>
  );
}

function Name({ expert }: { expert: Expert }) {
  return (
    <>
      <Text size="sm" fw={500}>
        {expert.display_name}
      </Text>
      <Text size="xs" c="dimmed" lineClamp={1} maw={320}>
        {expert.bio}
      </Text>
    </>
  );
}

function FeatureButton({ expert }: { expert: Expert }) {
  const texts = useTexts(marketplaceTexts);
  const path = `/api/admin/marketplace/experts/${expert.user_id}/featured`;
  const change = useAction({
    act: (isFeatured: boolean) => (isFeatured ? api.put(path) : api.delete(path)),
    changes: [EXPERTS_PATH],
    done: (_, isFeatured) => (isFeatured ? texts.isFeatured : texts.isNotFeatured),
  });
  const label = expert.is_featured ? texts.unfeature : texts.feature;
  return (
    <Button
      size="compact-xs"
      variant="default"
      loading={change.isRunning}
      aria-label={`${label}: ${expert.display_name}`}
      onClick={() => change.run(!expert.is_featured)}
    >
      {label}
    </Button>
  );
}
