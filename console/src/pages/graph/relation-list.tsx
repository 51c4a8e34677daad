import { Anchor, Button, Skeleton } from '@mantine/core';
import { Link } from 'react-router';
import { EmptyState } from '../../components/empty-state.tsx';
import { Panel } from '../../components/page.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { entityAddress, type Neighbourhood, type Relation } from './graph-api.ts';
import classes from './graph.module.css';
import { graphTexts } from './graph.texts.ts';

interface RelationListProps {
  around: Neighbourhood | undefined;
  centreId: string;
  /** Asks where a relation is stated. */
  onWhere: (relation: Relation) => void;
}

/** The relations of a neighbourhood as sentences, those of the entity in the middle first. */
export function RelationList({ around, centreId, onWhere }: RelationListProps) {
  const texts = useTexts(graphTexts);
  const { count } = useFormats();
  const names = new Map(around?.entities.map(({ id, name }) => [id, name]));
  const isNear = ({ from_id: from, to_id: to }: Relation) => from === centreId || to === centreId;
  const relations = [...(around?.relations ?? [])].sort((a, b) => Number(isNear(b)) - Number(isNear(a)));
  return (
    <Panel title={texts.relations} isPadded={false}>
      {around ? null : <Skeleton height={120} radius={0} />}
      {around?.relations.length === 0 ? <EmptyState icon="graph" title={texts.noRelations} /> : null}
      <ul className={`${classes.list} ${classes.relations}`}>
        {relations.map((relation) => {
          const { id, from_id: fromId, to_id: toId, label, statement_count: statements } = relation;
          const verb = label ?? texts.together;
          return (
            <li key={id} className={`${classes.item} ${classes.relation}`}>
              <span>
                <EntityLink id={fromId} name={names.get(fromId)} isHere={fromId === centreId} />{' '}
                <span className={classes.verb}>{verb}</span>{' '}
                <EntityLink id={toId} name={names.get(toId)} isHere={toId === centreId} />
              </span>
              <Button
                size="compact-xs"
                className={classes.where}
                variant="default"
                aria-label={texts.whereOf(names.get(fromId) ?? '', verb, names.get(toId) ?? '')}
                onClick={() => onWhere(relation)}
              >
                {texts.where(count(statements))}
              </Button>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

function EntityLink({ id, name = '…', isHere }: { id: string; name: string | undefined; isHere: boolean }) {
  return isHere ? (
    <strong>{name}</strong>
  ) : (
    <Anchor component={Link} to={entityAddress(id)} inherit underline="always">
      {name}
    </Anchor>
  );
}
