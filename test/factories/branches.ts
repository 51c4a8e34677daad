import { expect } from 'vitest';
import { shardOf } from '../../src/modules/conversation/domain/shards.js';
import type { ChatAnswer, TestChatter } from './chat.js';
import type { TestApp } from './test-app.js';
import type { TestTurns } from './turns.js';

/** A message as it is read. */
export interface BranchMessage {
  id: string;
  turn_id: string;
  sequence: number;
  branch: number;
  role: string;
  content: string;
  is_saved: boolean;
  siblings: { branch: number; message_id: string }[];
}

export interface BranchMessagePage {
  items: BranchMessage[];
  earlier_cursor: string | null;
  later_cursor: string | null;
}

export interface BranchItem {
  branch: number;
  parent_branch: number | null;
  fork_message_id: string | null;
  fork_sequence: number;
  tip_message_id: string | null;
  tip_sequence: number;
  created_at: string;
  is_active: boolean;
}

/** A conversation of somebody who edits and wants other answers. */
export class TestConversation {
  constructor(
    private readonly test: TestApp,
    private readonly chatter: TestChatter,
    private readonly turns: TestTurns,
    readonly id: string,
    private readonly model = 'local',
  ) {}

  async page(query = ''): Promise<BranchMessagePage> {
    return this.chatter.get(`/api/conversations/${this.id}/messages${query}`);
  }

  async items(query = ''): Promise<BranchMessage[]> {
    return (await this.page(query)).items;
  }

  /** What is said on the active path, or on another. */
  async contents(branch?: number): Promise<string[]> {
    const items = await this.items(branch === undefined ? '' : `?branch=${branch}`);
    return items.map(({ content }) => content);
  }

  /** The id of the one message of this text on any path. */
  async idOf(content: string): Promise<string> {
    for (const { branch } of await this.branches()) {
      const found = (await this.items(`?limit=200&branch=${branch}`)).find(
        (item) => item.content === content,
      );
      if (found) return found.id;
    }
    throw new Error(`Nobody said '${content}'.`);
  }

  async branches(): Promise<BranchItem[]> {
    return (await this.chatter.get<{ items: BranchItem[] }>(`/api/conversations/${this.id}/branches`)).items;
  }

  async switchTo(payload: object): Promise<{ status: number; body: BranchItem & { code?: string } }> {
    const answer = await this.test.app.inject({
      method: 'PUT',
      url: `/api/conversations/${this.id}/active-branch`,
      headers: this.chatter.headers,
      payload,
    });
    return { status: answer.statusCode, body: answer.json() };
  }

  save(): Promise<void> {
    return this.turns.saveShard(shardOf(this.id));
  }

  say(content: string, model = this.model): Promise<ChatAnswer> {
    return this.chatter.say(content, model, this.id);
  }

  edit(messageId: string, content: string, model = this.model): Promise<ChatAnswer> {
    return this.send({ 'x-edit-message-id': messageId }, [{ role: 'user', content }], model);
  }

  regenerate(messageId: string, messages?: object[], model = this.model): Promise<ChatAnswer> {
    const unread = [{ role: 'user', content: 'not read' }];
    return this.send({ 'x-regenerate-message-id': messageId }, messages ?? unread, model);
  }

  send(headers: Record<string, string>, messages: object[], model = this.model): Promise<ChatAnswer> {
    return this.chatter.post({ model, messages }, { 'x-conversation-id': this.id, ...headers });
  }

  /** Pages from one end of a path to the other. */
  async readAll(direction: 'earlier' | 'later', limit: number, branch: number): Promise<string[]> {
    const read: string[] = [];
    const start = Buffer.from(JSON.stringify(['after', 0, branch])).toString('base64url');
    let query = direction === 'earlier' ? `&branch=${branch}` : `&cursor=${start}`;
    for (;;) {
      const page = await this.page(`?limit=${limit}${query}`);
      const contents = page.items.map(({ content }) => content);
      read.splice(direction === 'earlier' ? 0 : read.length, 0, ...contents);
      expect(page.items.length).toBeLessThanOrEqual(limit);
      const cursor = direction === 'earlier' ? page.earlier_cursor : page.later_cursor;
      if (cursor === null) return read;
      query = `&cursor=${cursor}`;
    }
  }
}
