import { afterAll, beforeAll, expect, it } from 'vitest';
import { WaitingTurnRepository } from '../../src/modules/conversation/waiting-turn.repository.js';
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
