import { describe, expect, it } from 'vitest';
import { escapedLine, fenced, type ExportPart, formatsByName } from './export-formats.js';

async function* partsOf(parts: readonly ExportPart[]): AsyncIterable<ExportPart> {
  yield* parts;
}

async function textOf(name: 'json' | 'markdown', parts: readonly ExportPart[]): Promise<string> {
  let text = '';
  for await (const piece of formatsByName[name].write(partsOf(parts), new Date(0))) text += piece;
  return text;
}

const at = '2027-01-17T09:30:00.000Z';

function conversation(id: string, title = 'A title'): ExportPart {
  const row = {
    id,
    owner_id: 'o',
    title,
    message_count: 1,
    total_tokens: '1',
    last_sequence: 1,
    created_at: new Date(at),
    last_activity_at: new Date(at),
  };
  return { type: 'conversation', conversation: row };
}

function turn(id: string): ExportPart {
  const facts = {
    id,
    model: 'local',
    status: 'complete' as const,
    finish_reason: 'stop',
    prompt_tokens: 3,
    completion_tokens: 4,
    usage_source: 'provider' as const,
    cost_micro_coins: '12',
    error_code: null,
    started_at: at,
    finished_at: at,
  };
  return { type: 'turn', turn: facts };
}

function message(id: string, content: string): ExportPart {
  const fields = {
    turn_id: 't',
    branch: 0,
    sequence: 1,
    role: 'user',
    extra: null,
    status: 'complete' as const,
    tokens: 1,
  };
  return { type: 'message', message: { id, content, ...fields, created_at: at, is_saved: true } };
}

describe('an export as JSON', () => {
  it('is a valid document without anything in it', async () => {
    expect(JSON.parse(await textOf('json', []))).toMatchObject({ conversations: [] });
  });

  it('nests messages in turns in conversations, empty ones too', async () => {
    const parts = [
      conversation('empty'),
      conversation('a'),
      turn('a1'),
      message('m1', '"],}\u2028'),
      message('m2', 'x'),
      turn('a2'),
      message('m3', 'x'),
      conversation('b'),
      turn('b1'),
      message('m4', 'x'),
      conversation('last'),
    ];
    const document = JSON.parse(await textOf('json', parts));
    const shape = document.conversations.map(
      (c: { id: string; turns: { id: string; messages: { id: string }[] }[] }) => [
        c.id,
        c.turns.map((t) => [t.id, t.messages.map((m) => m.id)]),
      ],
    );
    expect(shape).toEqual([
      ['empty', []],
      [
        'a',
        [
          ['a1', ['m1', 'm2']],
          ['a2', ['m3']],
        ],
      ],
      ['b', [['b1', ['m4']]]],
      ['last', []],
    ]);
    expect(document.conversations[1].turns[0]).toMatchObject({ cost: '0.000012', prompt_tokens: 3 });
    expect(document.conversations[1].turns[0].messages[0].content).toBe('"],}\u2028');
  });

  it('is not valid as long as it has not ended', async () => {
    const whole = await textOf('json', [conversation('a'), turn('t'), message('m', 'x')]);
    for (const end of [1, 20, whole.length / 2, whole.length - 2]) {
      expect(() => JSON.parse(whole.slice(0, end))).toThrow();
    }
  });
});

describe('an export as Markdown', () => {
  it.each(['```', '````\n# Not a heading\n````', '`', '~~~\n```js\n```\n', '\n', ''])(
    'keeps %j within its fence',
    (text) => {
      const lines = fenced(text).split('\n');
      const fence = lines[0] ?? '';
      expect(fence).toMatch(/^`{3,}$/);
      const closing = lines
        .slice(1)
        .findIndex((line) => new RegExp(`^ {0,3}\`{${fence.length},}\\s*$`).test(line));
      expect(lines.slice(1, 1 + closing).join('\n')).toBe(text);
    },
  );

  it('keeps a title in its line, and what looks like markup in it a text', () => {
    expect(escapedLine(' a\n# b \r\n[c](d) *e* <f> ')).toBe('a \\# b \\[c\\]\\(d\\) \\*e\\* \\<f\\>');
  });

  it('says at its end how much there was', async () => {
    const text = await textOf('markdown', [conversation('a', '# x'), turn('t'), message('m', 'hello')]);
    expect(text).toContain('\n## \\# x\n');
    expect(text).toContain('\n```\nhello\n```\n');
    expect(text).toMatch(/End of the export: 1 conversation\.\n$/);
  });
});
