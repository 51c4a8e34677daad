import { Button, Group } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useSearchParams } from 'react-router';
import { useList } from '../../api/use-list.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/page.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { type Chunk, filePath } from './file-api.ts';
import classes from './files.module.css';
import { filesTexts } from './files.texts.ts';
import { PlaceText } from './place-text.tsx';

const CHUNKS_A_PAGE = 10;
const REFRESH_MS = 5000;

/** The chunks of a file a page at a time, from the one on that the address names. */
export function ChunkList({ fileId, isComing }: { fileId: string; isComing: boolean }) {
  const texts = useTexts(filesTexts);
  const { count } = useFormats();
  const [params, setParams] = useSearchParams();
  const place = useRef<HTMLDivElement>(null);
  const from = Math.max(0, Math.trunc(Number(params.get('chunk') ?? 0)) || 0);
  const list = useList<Chunk>(`${filePath(fileId)}/chunks`, {
    query: { from },
    limit: CHUNKS_A_PAGE,
    ...(isComing ? { everyMs: REFRESH_MS } : {}),
  });
  const isNamed = params.has('chunk');
  const isRead = list.items !== undefined;
  // Who comes for one chunk need not look for it.
  useEffect(() => {
    if (isNamed && isRead) place.current?.scrollIntoView({ block: 'start' });
  }, [isNamed, isRead]);
  const columns: Array<Column<Chunk>> = [
    { key: 'number', header: texts.chunk, align: 'end', render: (row) => count(row.position + 1) },
    { key: 'place', header: texts.place, width: 200, render: (row) => <PlaceText {...row} /> },
    { key: 'text', header: texts.text, render: (row) => <div className={classes.chunk}>{row.text}</div> },
    { key: 'tokens', header: texts.tokens, align: 'end', render: (row) => count(row.tokens) },
    {
      key: 'vector',
      header: texts.vector,
      render: ({ is_embedded: isEmbedded }) => (
        <StateBadge
          tone={isEmbedded ? 'ok' : 'neutral'}
          label={isEmbedded ? texts.embedded : texts.notEmbedded}
        />
      ),
    },
  ];
  return (
    <div ref={place} className={classes.chunks}>
      <Panel
        title={texts.chunks}
        isPadded={false}
        actions={
          from === 0 ? undefined : (
            <Group gap="sm">
              <span>{texts.fromChunk(from + 1)}</span>
              <Button size="compact-xs" variant="default" onClick={() => setParams({})}>
                {texts.fromStart}
              </Button>
            </Group>
          )
        }
      >
        <DataTable
          label={texts.chunks}
          columns={columns}
          list={list}
          rowKey={(row) => row.chunk_id}
          empty={{ title: texts.noChunks, hint: texts.noChunksHint }}
        />
      </Panel>
    </div>
  );
}
