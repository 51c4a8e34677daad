import { setNamed } from '../../domain/line-fields.js';
import { parseLokiLabels } from '../../domain/loki-labels.js';
import type { LokiEntry, LokiStream } from '../../domain/loki-lines.js';
import { StrictProtobufReader } from '../protobuf-reader.js';

const MS_PER_SECOND = 1000;
const NANOSECONDS = 1_000_000;

/**
 * Reads the protobuf of Loki's push API (logproto.PushRequest), after snappy.
 * @throws ProtobufError, LokiLabelsError, or an error of the reader, if it is something else.
 */
export function decodeLokiProtobuf(bytes: Buffer): LokiStream[] {
  const reader = new StrictProtobufReader(bytes);
  const streams: LokiStream[] = [];
  reader.fields((field) => {
    if (field === 1) streams.push(reader.message(() => readStream(reader)));
  });
  return streams;
}

function readStream(reader: StrictProtobufReader): LokiStream {
  let labels: Record<string, string> = {};
  const entries: LokiEntry[] = [];
  reader.fields((field) => {
    if (field === 1) labels = labelsOf(reader.text());
    else if (field === 2) entries.push(reader.message(() => readEntry(reader)));
  });
  return { labels, entries };
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [name, value] of parseLokiLabels(text)) setNamed(labels, name, value);
  return labels;
}

function readEntry(reader: StrictProtobufReader): LokiEntry {
  let timeMs = Number.NaN;
  let line = '';
  let metadata: Record<string, string> | undefined;
  reader.fields((field) => {
    if (field === 1) timeMs = reader.message(() => readTime(reader));
    else if (field === 2) line = reader.text();
    else if (field === 3) reader.message(() => readPair(reader, (metadata ??= {})));
  });
  return { timeMs, line, metadata };
}

function readTime(reader: StrictProtobufReader): number {
  let seconds = 0;
  let nanos = 0;
  reader.fields((field) => {
    if (field === 1) seconds = Number(reader.int64());
    else if (field === 2) nanos = Number(reader.int64());
  });
  const ms = seconds * MS_PER_SECOND + Math.floor(nanos / NANOSECONDS);
  return ms > 0 ? ms : Number.NaN;
}

function readPair(reader: StrictProtobufReader, target: Record<string, string>): void {
  let name = '';
  let value = '';
  reader.fields((field) => {
    if (field === 1) name = reader.text();
    else if (field === 2) value = reader.text();
  });
  setNamed(target, name, value);
}
