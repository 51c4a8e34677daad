import { Alert, Anchor, Button, NativeSelect, Skeleton, Stack, Text, VisuallyHidden } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { useRead } from '../../api/use-read.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Icon } from '../../components/icon.tsx';
import { Page, Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { EntityTypeText, Legend } from './entity-type.tsx';
import {
  ENTITIES_PATH,
  type EntityDetails,
  GRAPH_PATH,
  type Neighbourhood,
  pathAddress,
  type Relation,
  useEntity,
} from './graph-api.ts';
import { layoutAround, PICTURE } from './graph-layout.ts';
import { GraphPicture } from './graph-picture.tsx';
import classes from './graph.module.css';
import { graphTexts } from './graph.texts.ts';
import { MentionList } from './mention-list.tsx';
import { RelationList } from './relation-list.tsx';

/** How many entities are drawn: what can still be read. */
const limits: Readonly<Record<string, number>> = { 1: 26, 2: 36, 3: 46 };

/** One entity: a picture of what is around it, its relations as a list, and where it is named. */
export function EntityView({ id }: { id: string }) {
  const texts = useTexts(graphTexts);
  const [depth, setDepth] = useState('1');
  const entity = useEntity(id);
  const around = useRead<Neighbourhood>(`${ENTITIES_PATH}/${id}/neighbourhood`, {
    query: { depth, limit: limits[depth] },
  });
  // What was read of another entity stays until this one is there.
  const details = entity.data?.id === id ? entity.data : undefined;
  const shown = around.data?.entities[0]?.id === id ? around.data : undefined;
  const problem = entity.error ?? around.error;
  return (
    <Page
      title={details?.name ?? entity.data?.name ?? texts.title}
      lead={
        <>
          <Anchor component={Link} to="/graph" inherit underline="always">
            {texts.all}
          </Anchor>
          {details ? <Lead entity={details} /> : null}
        </>
      }
      actions={
        <Button
          component={Link}
          to={pathAddress(id)}
          size="xs"
          variant="default"
          leftSection={<Icon name="graph" size={14} />}
        >
          {texts.findPath}
        </Button>
      }
    >
      {problem ? <ProblemAlert problem={problem} onRetry={() => void around.refetch()} /> : null}
      <div className={classes.columns}>
        <Panel
          title={texts.around(entity.data?.name ?? '…')}
          isPadded={false}
          actions={
            <NativeSelect
              size="xs"
              aria-label={texts.depth}
              value={depth}
              data={['1', '2', '3'].map((value) => ({ value, label: `${texts.depth}: ${value}` }))}
              onChange={(event) => setDepth(event.currentTarget.value)}
            />
          }
        >
          {around.data ? <Picture id={id} around={shown ?? around.data} /> : null}
          {around.data || problem ? null : <Skeleton height={480} radius={0} />}
        </Panel>
        {details ? <Beside key={id} entity={details} around={shown} /> : null}
      </div>
    </Page>
  );
}

function Lead({ entity }: { entity: EntityDetails }) {
  const texts = useTexts(graphTexts);
  const { count } = useFormats();
  const others = entity.aliases.map(({ name }) => name).filter((name) => name !== entity.name);
  return (
    <>
      {' · '}
      <EntityTypeText type={entity.type} />
      {` · ${texts.mentions}: ${count(entity.mention_count)}`}
      {others.length === 0 ? '' : ` · ${texts.aliases}: ${others.join(', ')}`}
    </>
  );
}

function Picture({ id, around }: { id: string; around: Neighbourhood }) {
  const texts = useTexts(graphTexts);
  const points = useMemo(() => {
    const edges = around.relations.map(({ from_id: from, to_id: to }) => ({ from, to }));
    return layoutAround(around.entities, edges);
  }, [around]);
  const centre = around.entities[0];
  if (around.entities.length === 1) {
    return <EmptyState icon="graph" title={texts.alone} hint={texts.aloneHint} />;
  }
  const label = texts.picture(centre?.name ?? '', around.entities.length - 1);
  return (
    <>
      <GraphPicture
        label={label}
        entities={around.entities}
        relations={around.relations}
        points={points}
        size={PICTURE}
        centreId={id}
      />
      <Legend />
      <VisuallyHidden role="status">{label}</VisuallyHidden>
      {around.is_truncated ? (
        <Alert color="gray" variant="outline" icon={<Icon name="eye" />} m="md">
          <Text size="sm">{texts.isTruncated}</Text>
        </Alert>
      ) : null}
    </>
  );
}

/** The same in words: what it is related to, and where it says so. */
function Beside({ entity, around }: { entity: EntityDetails; around: Neighbourhood | undefined }) {
  const texts = useTexts(graphTexts);
  const [relation, setRelation] = useState<Relation | null>(null);
  const names = new Map(around?.entities.map(({ id, name }) => [id, name]));
  const nameOf = (id: string) => names.get(id) ?? '…';
  const isAbout = relation !== null;
  return (
    <Stack gap="md">
      <RelationList around={around} centreId={entity.id} onWhere={setRelation} />
      <MentionList
        key={relation?.id ?? entity.id}
        title={
          isAbout
            ? texts.statements(
                nameOf(relation.from_id),
                relation.label ?? texts.together,
                nameOf(relation.to_id),
              )
            : texts.mentionsOf(entity.name)
        }
        path={
          isAbout
            ? `${GRAPH_PATH}/relations/${relation.id}/mentions`
            : `${ENTITIES_PATH}/${entity.id}/mentions`
        }
        actions={
          isAbout ? (
            <Button size="compact-xs" variant="default" onClick={() => setRelation(null)}>
              {texts.backToMentions(entity.name)}
            </Button>
          ) : null
        }
      />
    </Stack>
  );
}
