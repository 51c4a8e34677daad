import type { Transactions } from '../../src/platform/database/index.js';
import { CHUNKS } from './ingestion-traps.js';

/** How many rows there are that should not be, by what they are. All of them over all files of an installation. */
const STRAYS: Record<string, string> = {
  'chunks of another generation or of no file': `knowledge_chunks c LEFT JOIN knowledge_files f
      ON f.file_no = c.file_no AND f.generation = c.generation AND f.removed_at IS NULL WHERE f.file_no IS NULL`,
  'chunks of an owner who is not there': `knowledge_chunks c LEFT JOIN knowledge_owners o USING (owner_no)
      WHERE o.owner_no IS NULL`,
  'files of an owner who is not there': `knowledge_files f LEFT JOIN knowledge_owners o USING (owner_no)
      WHERE o.owner_no IS NULL`,
  'known files that are not there': `knowledge_files k LEFT JOIN files f ON f.id = k.file_id
      WHERE f.id IS NULL AND k.removed_at IS NULL`,
  'vectors of no chunk':
    'knowledge_vectors v LEFT JOIN knowledge_chunks c USING (chunk_no) WHERE c.chunk_no IS NULL',
  'terms of no chunk':
    'knowledge_terms t LEFT JOIN knowledge_chunks c USING (chunk_no) WHERE c.chunk_no IS NULL',
  'memberships of no file':
    'knowledge_memberships m LEFT JOIN knowledge_files f USING (file_no) WHERE f.file_no IS NULL',
  'graphs of no file': 'graph_files g LEFT JOIN files f ON f.id = g.file_id WHERE f.id IS NULL',
  'graphs that are not whole': `graph_files WHERE state <> 'whole'`,
  'read chunks that are not there':
    'graph_chunks g LEFT JOIN knowledge_chunks c ON c.id = g.chunk_id WHERE c.id IS NULL',
  'mentions in no chunk':
    'graph_mentions m LEFT JOIN graph_chunks c USING (chunk_id) WHERE c.chunk_id IS NULL',
  'mentions of no entity':
    'graph_mentions m LEFT JOIN graph_entities e ON e.id = m.entity_id WHERE e.id IS NULL',
  'statements in no chunk':
    'graph_statements s LEFT JOIN graph_chunks c USING (chunk_id) WHERE c.chunk_id IS NULL',
  'entities that are miscounted': `graph_entities e
      WHERE e.mention_count = 0 OR e.mention_count <> (SELECT COUNT(*) FROM graph_mentions m WHERE m.entity_id = e.id)`,
  'relations that are miscounted': `graph_relations r WHERE r.statement_count = 0
      OR r.statement_count <> (SELECT COUNT(*) FROM graph_statements s WHERE s.relation_id = r.id)`,
  'tasks that have not ended': `tasks WHERE state NOT IN ('finished', 'cancelled')`,
  'lanes that are miscounted': `task_lanes l WHERE l.started <> 0 OR l.queued <> 0 OR l.admitted <> 0
      OR l.scheduled <> 0 OR l.deferred <> 0`,
  'files that come or go': `files WHERE status IN ('uploading', 'deleting')`,
};

/** The kinds of rows that should not be there, and how many there are of each; none if all is well. */
export async function straysIn(database: Transactions): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [what, from] of Object.entries(STRAYS)) {
    const [row]: { count: string }[] = await database.single.query(`SELECT COUNT(*) AS count FROM ${from}`);
    if (Number(row?.count) > 0) found[what] = Number(row?.count);
  }
  return found;
}

/** What a user has of one `documentOf` when it is processed. */
export const WHOLE = {
  chunks: CHUNKS,
  positions: CHUNKS,
  vectors: CHUNKS,
  read_chunks: CHUNKS,
  entities: CHUNKS + 1,
  mentions: 2 * CHUNKS,
  relations: CHUNKS,
};

/** How many rows of each kind a user has. */
export async function rowsOf(database: Transactions, ownerId: string): Promise<Record<string, number>> {
  const owned = '(SELECT owner_no FROM knowledge_owners WHERE owner_id = ?)';
  const entities = '(SELECT id FROM graph_entities WHERE owner_id = ?)';
  const counts: [string, string][] = [
    ['chunks', `COUNT(*) FROM knowledge_chunks WHERE owner_no = ${owned}`],
    ['positions', `COUNT(DISTINCT file_no, position) FROM knowledge_chunks WHERE owner_no = ${owned}`],
    ['vectors', `COUNT(*) FROM knowledge_vectors WHERE owner_no = ${owned}`],
    ['read_chunks', 'COUNT(*) FROM graph_chunks JOIN graph_files USING (file_id) WHERE owner_id = ?'],
    ['entities', 'COUNT(*) FROM graph_entities WHERE owner_id = ?'],
    ['mentions', `COUNT(*) FROM graph_mentions WHERE entity_id IN ${entities}`],
    ['relations', 'COUNT(*) FROM graph_relations WHERE owner_id = ?'],
  ];
  const [row]: Record<string, string>[] = await database.single.query(
    `SELECT ${counts.map(([name, from]) => `(SELECT ${from}) AS ${name}`).join(', ')}`,
    counts.map(() => ownerId),
  );
  return Object.fromEntries(counts.map(([name]) => [name, Number(row?.[name])]));
}
