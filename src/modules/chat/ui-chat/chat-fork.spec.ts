import { describe, expect, it } from 'vitest';
import { newId } from '../../../shared/ids.js';
import type { ReadableMessage } from '../../conversation/index.js';
import { messageUnknown } from '../chat.errors.js';
import { forkOf, intentOf } from './chat-fork.js';
import { latestVersion, nextVersion, versionsOf } from './client-message-ids.js';
import { type UiChatRequest, uiChatSchema } from './ui-chat.dto.js';

const conversationId = newId();

function request(fields: object, ...roles: string[]): UiChatRequest {
  const messages = roles.map((role, index) => ({ id: `m${index}`, role, parts: [] }));
  return uiChatSchema.parse({ id: 'chat', messages, ...fields });
}

function stored(id: string, turn_id: string, role: string): ReadableMessage {
  const rest = {
    status: 'complete',
    tokens: 1,
    created_at: '2026-01-01T00:00:00.000Z',
    branch: 0,
    is_saved: true,
  } as const;
  return { id, turn_id, sequence: 1, role, content: '', extra: null, ...rest };
}

describe('the intent of a request', () => {
  it('is to append, unless a message is named', () => {
    expect(intentOf(request({}, 'user'))).toEqual({ kind: 'append' });
    expect(intentOf(request({ trigger: 'submit-message' }, 'user', 'assistant'))).toEqual({ kind: 'append' });
  });

  it('is to append the results of tools if the last answer is named', () => {
    expect(intentOf(request({ messageId: 'm1' }, 'user', 'assistant'))).toEqual({ kind: 'append' });
  });

  it('is to edit if the last user message is named', () => {
    const intent = intentOf(request({ messageId: 'm2' }, 'user', 'assistant', 'user'));
    expect(intent).toEqual({ kind: 'edit', messageId: 'm2' });
  });

  it('is to give an answer anew', () => {
    const trigger = 'regenerate-message';
    expect(intentOf(request({ trigger }, 'user'))).toEqual({ kind: 'regenerate', messageId: undefined });
    const named = intentOf(request({ trigger, messageId: 'a' }, 'user'));
    expect(named).toEqual({ kind: 'regenerate', messageId: 'a' });
  });

  it('is refused if another message is named', () => {
    expect(() => intentOf(request({ messageId: 'm0' }, 'user', 'assistant', 'user'))).toThrow(
      expect.objectContaining({ code: messageUnknown.definition.code }) as Error,
    );
  });
});

describe('the ids of what a client calls a message', () => {
  it('are told apart by conversation, message and version', () => {
    const ids = [
      ...versionsOf(conversationId, 'm1').derived,
      ...versionsOf(conversationId, 'm2').derived,
      ...versionsOf(newId(), 'm1').derived,
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect(versionsOf(conversationId, 'm1')).toEqual(versionsOf(conversationId, 'm1'));
  });

  it('follow each other with each edit', () => {
    const versions = versionsOf(conversationId, 'm1');
    const [first = '', second = ''] = versions.derived;
    expect(latestVersion(versions, new Set())).toBeUndefined();
    expect(nextVersion(versions, new Set())).toBe(first);
    expect(latestVersion(versions, new Set([first, second]))).toBe(second);
    expect(nextVersion(versions, new Set([first]))).toBe(second);
    expect(nextVersion(versions, new Set(versions.derived))).toBeUndefined();
  });

  it('begin with the one that the client was told, which is never given again', () => {
    const told = newId();
    const versions = versionsOf(conversationId, told);
    expect(latestVersion(versions, new Set([told]))).toBe(told);
    expect(nextVersion(versions, new Set([told]))).toBe(versions.derived[0]);
    expect(nextVersion(versions, new Set())).toBe(versions.derived[0]);
  });
});

describe('the fork of a turn', () => {
  const question = versionsOf(conversationId, 'm1');
  const [id = '', edited = ''] = question.derived;
  const latest = [stored(id, 't1', 'user'), stored('a1', 't1', 'assistant'), stored(edited, 't2', 'user')];

  it('is none when appending, or when the message was never stored', () => {
    expect(forkOf({ kind: 'append' }, question, new Set([id]), latest)).toBeUndefined();
    expect(forkOf({ kind: 'edit', messageId: 'm1' }, question, new Set(), [])).toBeUndefined();
    expect(forkOf({ kind: 'regenerate', messageId: 'a' }, question, new Set(), [])).toBeUndefined();
  });

  it('is beside the version of the edited message that was stored last', () => {
    const fork = forkOf({ kind: 'edit', messageId: 'm1' }, question, new Set([id, edited]), latest);
    expect(fork).toEqual({ kind: 'edit', messageId: edited });
  });

  it('is beside the answer that is named, else the one to the last question', () => {
    const stored = new Set([id, 'a9']);
    const regenerate = (messageId?: string) =>
      forkOf({ kind: 'regenerate', messageId }, question, stored, latest)?.messageId;
    expect(regenerate('a9')).toBe('a9');
    expect(regenerate('made up by the client')).toBe('a1');
    expect(regenerate()).toBe('a1');
    expect(regenerate(id)).toBe('a1');
  });

  it('is beside the question if it never got an answer', () => {
    const fork = forkOf(
      { kind: 'regenerate', messageId: undefined },
      question,
      new Set([id, edited]),
      latest,
    );
    expect(fork).toEqual({ kind: 'regenerate', messageId: edited });
  });
});
