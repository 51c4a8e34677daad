import { Anchor, Button, Group, Mark, Skeleton, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useList } from '../../api/use-list.ts';
import { useRead } from '../../api/use-read.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Icon } from '../../components/icon.tsx';
import { Panel } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useFormats, useTexts } from '../../i18n/language.tsx';
import { type Chunk, fileAddress, useFilesNamed } from '../files/file-api.ts';
import { PlaceText } from '../files/place-text.tsx';
import type { Mention } from './graph-api.ts';
import classes from './graph.module.css';
import { graphTexts } from './graph.texts.ts';

const MENTIONS_A_PAGE = 5;
/** How much of the passage is shown on each side of a mention, and of one without a span. */
const BESIDE_LENGTH = 120;
const PASSAGE_LENGTH = 280;

interface MentionListProps {
  title: string;
  /** Of an entity's mentions, or a relation's. */
  path: string;
  actions: ReactNode;
}

/** Which files say so, and in which passages. */
export function MentionList({ title, path, actions }: MentionListProps) {
  const texts = useTexts(graphTexts);
  const list = useList<Mention>(path, { limit: MENTIONS_A_PAGE });
  const mentions = list.items ?? [];
  const chunks = useChunks(mentions.map((mention) => mention.chunk_id));
  const files = useFilesNamed(mentions.map((mention) => mention.file_id));
  return (
    <Panel title={title} actions={actions} isPadded={false}>
      {list.error && !list.items ? <ProblemAlert problem={list.error} onRetry={list.reload} /> : null}
      {list.items || list.error ? null : <Skeleton height={160} radius={0} />}
      {list.items?.length === 0 ? <EmptyState title={texts.noMentions} /> : null}
      <ul className={classes.list} aria-label={title}>
        {mentions.map((mention, index) => (
          <li key={index} className={classes.item} data-mention>
            <MentionItem
              mention={mention}
              chunk={chunks?.get(mention.chunk_id)}
              isRead={chunks !== undefined}
              fileName={files?.get(mention.file_id)?.name ?? (files ? texts.unknownFile : '…')}
            />
          </li>
        ))}
      </ul>
      {list.pageNumber > 1 || list.hasNext ? (
        <Group justify="flex-end" gap="xs" p="xs">
          <Button
            size="compact-xs"
            variant="default"
            disabled={list.pageNumber === 1}
            aria-label={texts.earlier}
            onClick={list.previous}
          >
            <Icon name="previous" size={13} />
          </Button>
          <Button
            size="compact-xs"
            variant="default"
            disabled={!list.hasNext}
            aria-label={texts.later}
            onClick={list.next}
          >
            <Icon name="next" size={13} />
          </Button>
        </Group>
      ) : null}
    </Panel>
  );
}

interface MentionItemProps {
  mention: Mention;
  chunk: Chunk | undefined;
  /** Whether the chunks have been read: one that is missing then is not there. */
  isRead: boolean;
  fileName: string;
}

function MentionItem({ mention, chunk, isRead, fileName }: MentionItemProps) {
  const texts = useTexts(graphTexts);
  const { count } = useFormats();
  return (
    <>
      <Anchor component={Link} to={fileAddress(mention.file_id, chunk?.position)} inherit fw={500}>
        {fileName}
      </Anchor>
      {chunk ? (
        <>
          {` · ${texts.chunk(count(chunk.position + 1))}`}
          {chunk.headings.length > 0 || chunk.place.page !== undefined ? <PlaceText {...chunk} /> : null}
          <div className={classes.passage}>
            <Passage text={chunk.text} mention={mention} />
          </div>
        </>
      ) : isRead ? (
        <Text size="sm" c="dimmed">
          {texts.passageGone}
        </Text>
      ) : (
        <Skeleton height={36} mt={6} />
      )}
    </>
  );
}

/** The passage around a mention, which is marked; of one without a span, its beginning. */
function Passage({ text, mention: { start, end } }: { text: string; mention: Mention }) {
  if (start === undefined || end === undefined) {
    return <>{text.length > PASSAGE_LENGTH ? `${text.slice(0, PASSAGE_LENGTH)}…` : text}</>;
  }
  const from = Math.max(0, start - BESIDE_LENGTH);
  const to = Math.min(text.length, end + BESIDE_LENGTH);
  return (
    <>
      {from > 0 ? '…' : ''}
      {text.slice(from, start)}
      <Mark>{text.slice(start, end)}</Mark>
      {text.slice(end, to)}
      {to < text.length ? '…' : ''}
    </>
  );
}

/** Chunks by their ids, as far as they are there; undefined until they are read. */
function useChunks(ids: readonly string[]): ReadonlyMap<string, Chunk> | undefined {
  const wanted = [...new Set(ids)].sort();
  const query = wanted.map((id) => `id=${id}`).join('&');
  const { data } = useRead<{ items: Chunk[] }>(`/api/knowledge/chunks?${query}`, {
    isEnabled: wanted.length > 0,
  });
  return data && new Map(data.items.map((chunk) => [chunk.chunk_id, chunk]));
}
