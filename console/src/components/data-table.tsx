import { Button, Group, Skeleton, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { CursorList } from '../api/use-list.ts';
import { useTexts } from '../i18n/language.tsx';
import { defineTexts } from '../i18n/dictionary.ts';
import classes from './data-table.module.css';
import { EmptyState } from './empty-state.tsx';
import { Icon } from './icon.tsx';
import { ProblemAlert } from './problem-alert.tsx';

export interface Column<Row> {
  /** Stable, unique in the table. */
  key: string;
  header: ReactNode;
  render: (row: Row) => ReactNode;
  /** Numbers and amounts stand at the end, so that their digits stand below each other. */
  align?: 'start' | 'end';
  width?: number | string;
  /** false: the cell is cut off instead of broken into lines. */
  isWrapped?: boolean;
}

interface DataTableProps<Row> {
  /** What is in the table, for screen readers. */
  label: string;
  columns: ReadonlyArray<Column<Row>>;
  rowKey: (row: Row) => string;
  /** What to show where there is nothing. */
  empty: { title: string; hint?: ReactNode };
  /** A list that is read page by page … */
  list?: CursorList<Row>;
  /** … or rows that are there already (undefined: not yet). */
  rows?: readonly Row[] | undefined;
}

const texts = defineTexts(
  {
    previous: 'Previous page',
    next: 'Next page',
    page: (number: number) => `Page ${number}`,
    loading: 'Loading',
  },
  { previous: '上一页', next: '下一页', page: (number) => `第 ${number} 页`, loading: '加载中' },
);
const SKELETON_ROWS = 5;

/** Rows under headers: loading, empty, failed and paged are its affair. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rowKey, empty, list } = props;
  const { loading } = useTexts(texts);
  const rows = list ? list.items : props.rows;
  if (list?.error && !rows) {
    return (
      <div className={classes.aside}>
        <ProblemAlert problem={list.error} onRetry={list.reload} />
      </div>
    );
  }
  if (rows?.length === 0 && (list?.pageNumber ?? 1) === 1) return <EmptyState {...empty} />;
  return (
    <>
      {list?.error ? (
        <div className={classes.aside}>
          <ProblemAlert problem={list.error} onRetry={list.reload} />
        </div>
      ) : null}
      <div
        className={classes.scroll}
        role="region"
        aria-label={label}
        aria-busy={rows === undefined}
        tabIndex={0}
      >
        <Table className={classes.table} highlightOnHover verticalSpacing={6} horizontalSpacing="md">
          <Table.Caption className={classes.caption}>{rows ? label : `${label}: ${loading}`}</Table.Caption>
          <Table.Thead>
            <Table.Tr>
              {columns.map(({ key, header, align = 'start', width }) => (
                <Table.Th
                  key={key}
                  scope="col"
                  w={width}
                  className={align === 'end' ? classes.end : undefined}
                >
                  {header}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows ? (
              rows.map((row) => <Row key={rowKey(row)} row={row} columns={columns} />)
            ) : (
              <Ghosts columns={columns.length} />
            )}
          </Table.Tbody>
        </Table>
      </div>
      {list ? <Pager list={list} /> : null}
    </>
  );
}

function Row<T>({ row, columns }: { row: T; columns: ReadonlyArray<Column<T>> }) {
  return (
    <Table.Tr>
      {columns.map(({ key, render, align = 'start', isWrapped = true }) => (
        <Table.Td
          key={key}
          className={[align === 'end' ? classes.end : '', isWrapped ? '' : classes.cut].join(' ')}
        >
          {render(row)}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}

/** Lines where rows will be, so that nothing jumps when they come. */
function Ghosts({ columns }: { columns: number }) {
  return Array.from({ length: SKELETON_ROWS }, (_, row) => (
    <Table.Tr key={row} aria-hidden="true">
      {Array.from({ length: columns }, (_, column) => (
        <Table.Td key={column}>
          <Skeleton height={12} my={5} width={column === 0 ? '80%' : '55%'} />
        </Table.Td>
      ))}
    </Table.Tr>
  ));
}

function Pager({ list }: { list: CursorList<unknown> }) {
  const { previous, next, page } = useTexts(texts);
  if (list.pageNumber === 1 && !list.hasNext) return null;
  return (
    <Group className={classes.pager} justify="flex-end" gap="xs">
      <Text size="xs" c="dimmed" className="numbers" role="status">
        {page(list.pageNumber)}
      </Text>
      <Button
        variant="default"
        size="xs"
        leftSection={<Icon name="previous" size={14} />}
        disabled={list.pageNumber === 1}
        onClick={list.previous}
      >
        {previous}
      </Button>
      <Button
        variant="default"
        size="xs"
        rightSection={<Icon name="next" size={14} />}
        disabled={!list.hasNext}
        onClick={list.next}
      >
        {next}
      </Button>
    </Group>
  );
}
