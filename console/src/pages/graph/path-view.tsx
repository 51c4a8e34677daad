import { Anchor, Skeleton } from '@mantine/core';
import { Link, useSearchParams } from 'react-router';
import { useRead } from '../../api/use-read.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Page, Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { EntityPicker } from './entity-picker.tsx';
import { Legend } from './entity-type.tsx';
import { entityAddress, GRAPH_PATH, type Path } from './graph-api.ts';
import { layoutPath, PATH_WIDTH } from './graph-layout.ts';
import { GraphPicture } from './graph-picture.tsx';
import classes from './graph.module.css';
import { graphTexts } from './graph.texts.ts';

const MOST_RELATIONS = 6;

/** The shortest path between two entities, which are chosen here. */
export function PathView() {
  const texts = useTexts(graphTexts);
  const [params, setParams] = useSearchParams();
  const from = params.get('from') ?? '';
  const to = params.get('to') ?? '';
  const choose = (ends: { from: string; to: string }) =>
    setParams({
      ...(ends.from === '' ? {} : { from: ends.from }),
      ...(ends.to === '' ? {} : { to: ends.to }),
    });
  return (
    <Page
      title={texts.pathTitle}
      lead={
        <>
          <Anchor component={Link} to="/graph" inherit underline="always">
            {texts.all}
          </Anchor>
          {` · ${texts.pathLead}`}
        </>
      }
    >
      <div className={classes.ends}>
        <EntityPicker label={texts.from} id={from} onChoose={(id) => choose({ from: id, to })} />
        <EntityPicker label={texts.to} id={to} onChoose={(id) => choose({ from, to: id })} />
      </div>
      {from === '' || to === '' ? (
        <Panel>
          <EmptyState icon="graph" title={texts.chooseBoth} />
        </Panel>
      ) : (
        <FoundPath from={from} to={to} />
      )}
    </Page>
  );
}

function FoundPath({ from, to }: { from: string; to: string }) {
  const texts = useTexts(graphTexts);
  const { data, error, refetch } = useRead<Path>(`${GRAPH_PATH}/path`, {
    query: { from, to, max_length: MOST_RELATIONS },
  });
  if (error) return <ProblemAlert problem={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton height={180} />;
  const [first, last] = [data.entities[0], data.entities.at(-1)];
  if (!first || !last) {
    const hint = data.is_exhaustive ? texts.noPathExhaustive : texts.noPathTruncated;
    return (
      <Panel>
        <EmptyState icon="graph" title={texts.noPath} hint={hint} />
      </Panel>
    );
  }
  const { points, height } = layoutPath(data.entities.map(({ id }) => id));
  const title = texts.pathPicture(first.name, last.name);
  return (
    <>
      <Panel title={title} isPadded={false}>
        <GraphPicture
          label={title}
          entities={data.entities}
          relations={data.relations}
          points={points}
          size={{ width: PATH_WIDTH, height }}
        />
        <Legend />
      </Panel>
      <Steps path={data} />
    </>
  );
}

function Steps({ path }: { path: Path }) {
  const texts = useTexts(graphTexts);
  const names = new Map(path.entities.map(({ id, name }) => [id, name]));
  return (
    <Panel title={texts.steps} isPadded={false}>
      <ol className={classes.list} aria-label={texts.steps}>
        {path.relations.map(({ id, from_id: fromId, to_id: toId, label }) => (
          <li key={id} className={classes.item}>
            <Anchor component={Link} to={entityAddress(fromId)} inherit underline="always">
              {names.get(fromId)}
            </Anchor>{' '}
            <span className={classes.verb}>{label ?? texts.together}</span>{' '}
            <Anchor component={Link} to={entityAddress(toId)} inherit underline="always">
              {names.get(toId)}
            </Anchor>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
