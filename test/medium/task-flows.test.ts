import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { scriptedFileTask, scriptedGraphTask, scriptedVectorTask } from '../fakes/task-kinds.js';
import { TestTasks } from '../factories/tasks.js';
import type { TestUser } from '../factories/users.js';
import { waitUntil } from '../factories/wait.js';

const URL = '/api/tasks/flows';

describe('flows of tasks', () => {
  let tasks: TestTasks;
  let user: TestUser;
  beforeAll(async () => {
    tasks = await TestTasks.create({ LOCKKEEPER_TASKS_MAX_WAITING: '150' });
    user = await tasks.user();
    await tasks.startWorker();
  });
  afterEach(async () => expect(await tasks.wrongNumbers()).toEqual([]));
  afterAll(() => tasks.close());

  const file = (script: string, options?: object) => step(scriptedFileTask.name, script, options);
  const vectors = (script: string) => step(scriptedVectorTask.name, script);
  const graph = (script: string) => step(scriptedGraphTask.name, script);
  function step(name: string, script: string, options: object = {}) {
    return { name, payload: { script }, options: { retries: 0, ...options } };
  }

  async function submit(steps: object[]): Promise<{ flowId: string; ids: string[][] }> {
    const { status, body } = await tasks.call(user, 'POST', URL, { steps });
    expect(status, JSON.stringify(body)).toBe(202);
    return { flowId: body.flow_id, ids: body.steps };
  }
  const states = async (ids: string[][]) =>
    Promise.all(ids.map((group) => Promise.all(group.map((id) => tasks.state(user, id)))));
  const statesBecome = (ids: string[][], expected: string[][]) =>
    waitUntil(
      `states ${JSON.stringify(expected)}`,
      async () => JSON.stringify(await states(ids)) === JSON.stringify(expected),
    );
  const requeue = (id = '') => tasks.call(user, 'POST', `/api/tasks/${id}/requeue`);
  const cancel = (id = '') => tasks.call(user, 'POST', `/api/tasks/${id}/cancel`);

  /** A script that waits until it is told to go on, and notes when it begins and ends. */
  function gated(noted: string[], name: string) {
    const gate = Promise.withResolvers<void>();
    const script = tasks.script(async () => {
      noted.push(`+${name}`);
      await gate.promise;
      noted.push(`-${name}`);
      return {};
    });
    return { script, open: () => gate.resolve() };
  }

  it('run step by step over all queues, the tasks of a group at once', async () => {
    const noted: string[] = [];
    const [a, b, c, d] = [
      gated(noted, 'a'),
      gated(noted, 'b'),
      gated(noted, 'c'),
      gated(noted, 'd'),
    ] as const;
    const { flowId, ids } = await submit([
      file(a.script),
      { group: [vectors(b.script), graph(c.script)] },
      file(d.script),
    ]);
    await statesBecome(ids, [['started'], ['deferred', 'deferred'], ['deferred']]);
    a.open();
    await statesBecome(ids, [['finished'], ['started', 'started'], ['deferred']]);
    b.open();
    await statesBecome(ids, [['finished'], ['finished', 'started'], ['deferred']]);
    c.open();
    await statesBecome(ids, [['finished'], ['finished', 'finished'], ['started']]);
    d.open();
    await statesBecome(ids, [['finished'], ['finished', 'finished'], ['finished']]);
    expect(noted.slice(0, 2)).toEqual(['+a', '-a']);
    expect(noted.slice(2, 4).toSorted()).toEqual(['+b', '+c']);
    expect(noted.slice(4)).toEqual(['-b', '-c', '+d', '-d']);
    const { body } = await tasks.call(user, 'GET', `${URL}/${flowId}`);
    expect(body).toMatchObject({ id: flowId, current_step: 2 });
    const shown = (body.steps as { id: string; flow_id: string; step: number }[][]).map((group) =>
      group.map(({ id, flow_id, step }) => [id, flow_id, step]),
    );
    expect(shown).toEqual(ids.map((group, index) => group.map((id) => [id, flowId, index])));
  });

  it('go on once when the last tasks of a group end at the same time', async () => {
    for (let round = 0; round < 3; round++) {
      const { ids } = await submit([
        { group: [file('none'), vectors('none'), graph('none'), vectors('none')] },
        { group: [file('none'), graph('none')] },
      ]);
      await statesBecome(ids, [Array(4).fill('finished'), Array(2).fill('finished')]);
      for (const id of ids.flat()) expect((await tasks.read(user, id)).attempt).toBe(1);
    }
  });

  it('cancel what waits for a task that fails for good, and go on when it is run again', async () => {
    let isBroken = true;
    const script = tasks.script(async () => {
      if (isBroken) throw new Error('broken');
      return {};
    });
    const { ids } = await submit([file('none'), { group: [file(script), vectors('none')] }, graph('none')]);
    await statesBecome(ids, [['finished'], ['failed', 'finished'], ['cancelled']]);
    const last = ids[2]?.[0] ?? '';
    expect(await tasks.read(user, last)).toMatchObject({ reason: 'dependency_failed', attempt: 0 });
    isBroken = false;
    expect((await requeue(ids[1]?.[0])).status).toBe(200);
    await statesBecome(ids, [['finished'], ['finished', 'finished'], ['finished']]);
  });

  it('wait for all that failed in a group to be run again', async () => {
    let isBroken = true;
    const script = tasks.script(async () => {
      if (isBroken) throw new Error('broken');
      return {};
    });
    const { ids } = await submit([{ group: [file(script), vectors(script)] }, graph('none')]);
    await statesBecome(ids, [['failed', 'failed'], ['cancelled']]);
    isBroken = false;
    await requeue(ids[0]?.[0]);
    await statesBecome(ids, [['finished', 'failed'], ['cancelled']]);
    await requeue(ids[0]?.[1]);
    await statesBecome(ids, [['finished', 'finished'], ['finished']]);
  });

  it('are cut off where a task is cancelled, before it runs or in the middle of waiting', async () => {
    const later = { delay_ms: 3_600_000 };
    const first = await submit([file('none', later), file('none'), graph('none')]);
    expect((await cancel(first.ids[0]?.[0])).body).toMatchObject({ state: 'cancelled', reason: 'cancelled' });
    await statesBecome(first.ids, [['cancelled'], ['cancelled'], ['cancelled']]);
    const second = await submit([file('none', later), file('none'), graph('none')]);
    await cancel(second.ids[1]?.[0]);
    await statesBecome(second.ids, [['scheduled'], ['cancelled'], ['cancelled']]);
    expect((await tasks.read(user, second.ids[2]?.[0] ?? '')).reason).toBe('dependency_failed');
    // Its turn has not come, so that it waits for it again, as does what follows.
    await requeue(second.ids[1]?.[0]);
    await statesBecome(second.ids, [['scheduled'], ['deferred'], ['deferred']]);
    for (const id of [first.ids[0]?.[0], second.ids[0]?.[0]]) await cancel(id);
  });

  it('wait for the time of a later task too', async () => {
    const { ids } = await submit([file('none'), file('none', { delay_ms: 3_600_000 }), graph('none')]);
    await statesBecome(ids, [['finished'], ['scheduled'], ['deferred']]);
    await cancel(ids[1]?.[0]);
  });

  it('are accepted as a whole or not at all', async () => {
    const owner = await tasks.user();
    const ask = (steps: object[]) => tasks.call(owner, 'POST', URL, { steps });
    const hundred = Array.from({ length: 100 }, () => file('none', { delay_ms: 3_600_000 }));
    expect((await ask([{ group: hundred }])).status).toBe(202);
    const over = await ask([{ group: hundred }]);
    expect([over.status, over.body.code]).toEqual([429, 'task_quota_exceeded']);
    const refusals = [
      [],
      [{ group: [] }],
      [{ group: hundred }, file('none')],
      [file('none'), { name: scriptedFileTask.name, payload: {} }],
      [{ ...file('none'), options: { deduplication_key: 'a' } }],
    ];
    for (const steps of refusals) expect((await ask(steps)).status).toBe(422);
    expect((await ask([file('none'), { name: 'none', payload: {} }])).body.code).toBe('task_kind_unknown');
    const rows = await tasks.transactions.single.query('SELECT id FROM tasks WHERE owner_id = ?', [owner.id]);
    expect(rows).toHaveLength(100);
    const flows = await tasks.transactions.single.query('SELECT id FROM task_flows WHERE owner_id = ?', [
      owner.id,
    ]);
    expect(flows).toHaveLength(1);
  });

  it('are listed with how their tasks stand, the newest first and page by page', async () => {
    const owner = await tasks.user();
    const ask = async (steps: object[]) =>
      (await tasks.call(owner, 'POST', URL, { steps })).body.flow_id as string;
    const later = { delay_ms: 3_600_000 };
    const failing = tasks.script(() => Promise.reject(new Error('broken')));
    const waiting = await ask([{ group: [file('none', later), vectors('none')] }, graph('none')]);
    const broken = await ask([file(failing), graph('none')]);
    const list = async (query: string) => (await tasks.call(owner, 'GET', `${URL}${query}`)).body;
    const created_at = expect.stringMatching(/Z$/);
    await waitUntil('both stand still', async () => {
      const shown = JSON.stringify((await list('')).items.map(({ steps }: { steps: object }) => steps));
      return shown === '[[["failed"],["cancelled"]],[["scheduled","finished"],["deferred"]]]';
    });
    const first = await list('?limit=1');
    expect(first.items).toEqual([
      { id: broken, created_at, current_step: 0, steps: [['failed'], ['cancelled']] },
    ]);
    expect(await list(`?limit=1&cursor=${first.next_cursor}`)).toMatchObject({
      items: [{ id: waiting, current_step: 0 }],
      next_cursor: null,
    });
    expect((await list('?limit=51')).code).toBe('invalid_request');
    expect((await list('?cursor=none')).code).toBe('invalid_request');
    const other = await tasks.user();
    expect((await tasks.call(other, 'GET', URL)).body).toEqual({ items: [], next_cursor: null });
  });
});
