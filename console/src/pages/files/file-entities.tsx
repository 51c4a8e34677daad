import { Anchor, Skeleton } from '@mantine/core';
import { Link } from 'react-router';
import { useRead } from '../../api/use-read.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { type FileFacts, filePath } from './file-api.ts';
import classes from './files.module.css';
import { filesTexts } from './files.texts.ts';

interface FileGraph {
  entities: Array<{ id: string; name: string; mention_count: number }>;
  is_truncated: boolean;
}

const MOST_ENTITIES = 24;

/** The entities that a file names most often, each with a way into the graph. */
export function FileEntities({ file }: { file: FileFacts }) {
  const texts = useTexts(filesTexts);
  const { count } = useFormats();
  const { data, error, refetch } = useRead<FileGraph>(`${filePath(file.id)}/graph`, {
    query: { limit: MOST_ENTITIES },
  });
  return (
    <Panel title={texts.entities}>
      {error && !data ? <ProblemAlert problem={error} onRetry={() => void refetch()} /> : null}
      {data || error ? null : <Skeleton height={60} />}
      {data?.entities.length === 0 ? (
        <EmptyState icon="graph" title={texts.noEntities} hint={texts.noEntitiesHint} />
      ) : null}
      <ul className={classes.entities}>
        {data?.entities.map(({ id, name, mention_count: mentions }) => (
          <li key={id} className={classes.entity}>
            <Anchor component={Link} to={`/graph?entity=${id}`} inherit>
              {name}
            </Anchor>
            <span className="numbers">{texts.times(count(mentions))}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
