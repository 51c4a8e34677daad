import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ParkedConversationRepository } from '../../src/modules/conversation/saving/parked-conversation.repository.js';
import { WaitingTurnRepository } from '../../src/modules/conversation/keeping/waiting-turn.repository.js';
import { createTestApp, type TestApp } from '../factories/test-app.js';
import { orderOf, TestTurns } from '../factories/turns.js';

let test: TestApp;
let turns: TestTurns;
beforeAll(async () => {
  test = await createTestApp();
  turns = new TestTurns(test);
});
afterAll(async () => {
  await turns.close();
  await test.close();
});

it('a turn that took its place without Redis, and was started in a Redis that came back, is saved', async () => {
  const id = await turns.conversation(3);
  const turn = turns.turn(id);
  await test.app.get(WaitingTurnRepository, { strict: false }).enter(id, turn.id, turn.owner_id);
  await turns.start(turn);
  const answered = turns.answered(turn);
  await turns.finish(answered);
  await turns.saveShard(3);
  expect(await turns.savedOrder(id)).toEqual(orderOf([answered]));
  expect(await turns.waitingRows(id)).toEqual([]);
});

it('a turn that took its place without Redis is saved in the order of its start, not of its entrance', async () => {
  const id = await turns.conversation(5);
  const at = (ms: number) => ({ started_at: new Date(Date.now() + ms).toISOString() });
  const turn = turns.turn(id, at(2_000));
  const waiting = test.app.get(WaitingTurnRepository, { strict: false });
  await waiting.enter(id, turn.id, turn.owner_id);
  await turns.start(turn);
  const between = turns.answered(turns.turn(id, at(1_000)));
  await waiting.keepFinished([between]);
  const answered = turns.answered(turn);
  await turns.finish(answered);
  await turns.saveShard(5);
  expect(await turns.savedOrder(id)).toEqual(orderOf([between, answered]));
});

it('a turn in the database is not saved before an older one that ends in Redis while its shard is saved', async () => {
  const id = await turns.conversation(4);
  const older = turns.turn(id, { started_at: new Date(Date.now() - 1_000).toISOString() });
  await turns.start(older);
  const later = turns.answered(turns.turn(id));
  await test.app.get(WaitingTurnRepository, { strict: false }).keepFinished([later]);
  const parked = test.app.get(ParkedConversationRepository, { strict: false });
  const list = parked.listSavable.bind(parked);
  const answered = turns.answered(older);
  vi.spyOn(parked, 'listSavable').mockImplementationOnce(async (...place) => {
    await turns.finish(answered);
    return list(...place);
  });
  await turns.saveShard(4);
  await turns.saveShard(4);
  expect(await turns.savedOrder(id)).toEqual(orderOf([answered, later]));
});
