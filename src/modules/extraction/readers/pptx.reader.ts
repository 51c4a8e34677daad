import type { BlockList } from '../domain/block-list.js';
import { documentBroken } from '../extraction.errors.js';
import { Archive } from './archive.js';
import { prefixedAttribute, relationshipsOf, titleOf } from './office.js';
import type { SourceFile } from './reader.js';
import { type SlideBlock, SlideReader } from './slide.js';
import { TableWriter } from './table-writer.js';
import { parseXml } from './xml.js';

const PRESENTATION = 'ppt/presentation.xml';

/** Reads a PowerPoint presentation: the slides in the order they are shown, each with its notes. */
export async function readPptx({ path, limits, list }: SourceFile): Promise<void> {
  const archive = await Archive.open(path, limits);
  try {
    if (!archive.has(PRESENTATION)) throw documentBroken({ detail: `The archive has no ${PRESENTATION}.` });
    list.title = await titleOf(archive, limits.depth);
    const relationships = await relationshipsOf(archive, PRESENTATION, limits.depth);
    for (const [index, id] of (await slideIds(archive, limits.depth)).entries()) {
      const slide = relationships.get(id)?.path;
      if (slide === undefined || !archive.has(slide)) continue;
      await addSlide(archive, slide, { list, number: index + 1, maxDepth: limits.depth });
    }
  } finally {
    archive.close();
  }
}

async function slideIds(archive: Archive, maxDepth: number): Promise<string[]> {
  const ids: string[] = [];
  await parseXml(
    archive.chunks(PRESENTATION),
    {
      open: (name, attributes) => {
        const id = prefixedAttribute(attributes, 'id');
        if (name === 'sldId' && id !== undefined) ids.push(id);
      },
    },
    maxDepth,
  );
  return ids;
}

interface SlideOptions {
  list: BlockList;
  number: number;
  maxDepth: number;
}

async function addSlide(
  archive: Archive,
  part: string,
  { list, number, maxDepth }: SlideOptions,
): Promise<void> {
  const blocks = await slideBlocks(archive, part, maxDepth);
  const relationships = await relationshipsOf(archive, part, maxDepth);
  const notes = [...relationships.values()].find(({ type }) => type === 'notesSlide')?.path;
  if (notes !== undefined && archive.has(notes))
    blocks.push(...(await slideBlocks(archive, notes, maxDepth)));
  list.leaveSections();
  // A title stands above the rest wherever the file has it.
  const titles = blocks.filter(({ kind }) => kind === 'heading');
  const others = blocks.filter(({ kind }) => kind !== 'heading');
  for (const block of [...titles, ...others]) addBlock(list, block, number);
}

async function slideBlocks(archive: Archive, part: string, maxDepth: number): Promise<SlideBlock[]> {
  const reader = new SlideReader();
  await parseXml(archive.chunks(part), reader, maxDepth);
  return reader.blocks;
}

function addBlock(list: BlockList, block: SlideBlock, slide: number): void {
  if (block.kind !== 'table') {
    list.add({ ...block, ...(block.kind === 'heading' && { level: 1 }) }, { slide });
    return;
  }
  const table = new TableWriter(list, { where: { slide } });
  for (const [index, cells] of block.rows.entries()) table.add(index + 1, cells);
  table.end();
}
