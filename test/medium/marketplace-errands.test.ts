import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COIN, TestMarketplace } from '../factories/marketplace.js';
import type { TestUser } from '../factories/users.js';

describe('errands', () => {
  let market: TestMarketplace;
  beforeAll(async () => {
    market = await TestMarketplace.create({ LOCKKEEPER_MARKETPLACE_MAX_POSTED: '5' });
  });
  afterAll(async () => {
    // Whatever the tests did: poster, expert and errand agree in all of it.
    expect(await market.reconcile()).toMatchObject({ isClean: true });
    await market.close();
  });

  const errandsOf = async (poster: TestUser) => {
    const rows: { id: string; state: string }[] = await market.transactions.single.query(
      'SELECT id, state FROM errands WHERE poster_id = ?',
      [poster.id],
    );
    return rows;
  };

  describe('posting', () => {
    it('holds the reward, and shows the errand to everybody', async () => {
      const poster = await market.userWith(25n);
      const answer = await market.post(poster, { reward: '10.000001' });
      expect(answer).toMatchObject({
        status: 201,
        body: { state: 'open', poster_id: poster.id, reward: '10.000001', payment: null, outcome: null },
      });
      expect(await market.balance(poster)).toEqual([25n * COIN, 10n * COIN + 1n]);
      const { holds } = await market.books(poster);
      expect(holds).toMatchObject([{ id: answer.body.id, purpose: 'errand', status: 'open' }]);
      const stranger = await market.userWith(0n);
      expect((await market.read(stranger, answer.body.id)).status).toBe(200);
    });

    it('is refused without the coins, and leaves nothing; later the same key is as good as new', async () => {
      const poster = await market.userWith(9n);
      const key = randomUUID();
      const over = { deadline_at: new Date(Date.now() + 86_400_000).toISOString() };
      expect(await market.post(poster, over, key)).toMatchObject({
        status: 402,
        body: { code: 'insufficient_coins', details: { required: '10.000000', available: '9.000000' } },
      });
      expect(await errandsOf(poster)).toEqual([]);
      expect(await market.balance(poster)).toEqual([9n * COIN, 0n]);
      await market.grant(poster.id, COIN);
      expect((await market.post(poster, over, key)).status).toBe(201);
      expect(await market.balance(poster)).toEqual([10n * COIN, 10n * COIN]);
    });

    it('acts once for a key, also when asked many times at once, and refuses other content under it', async () => {
      const poster = await market.userWith(100n);
      const key = randomUUID();
      const over = { deadline_at: new Date(Date.now() + 86_400_000).toISOString() };
      const answers = await Promise.all(Array.from({ length: 8 }, () => market.post(poster, over, key)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
      expect(await errandsOf(poster)).toHaveLength(1);
      expect(await market.balance(poster)).toEqual([100n * COIN, 10n * COIN]);
      expect(await market.post(poster, { ...over, reward: '11' }, key)).toMatchObject({
        status: 422,
        body: { code: 'idempotency_key_reused' },
      });
    });

    it('has a limit for each user, which posts at the same time cannot pass', async () => {
      const poster = await market.userWith(1_000n);
      const answers = await Promise.all(Array.from({ length: 40 }, () => market.post(poster)));
      const codes = answers
        .map(({ status, body }) => body.code ?? status)
        .map(String)
        .sort();
      expect(codes).toEqual([...Array(5).fill('201'), ...Array(35).fill('errand_limit_reached')]);
      expect(await market.balance(poster)).toEqual([1_000n * COIN, 50n * COIN]);
      const [first] = await errandsOf(poster);
      await market.step(poster, first?.id ?? '', 'cancel');
      expect((await market.post(poster)).status).toBe(201);
    });

    it.each([
      [{ reward: '0' }, 'invalid_request', 422],
      [{ reward: '-1' }, 'invalid_request', 422],
      [{ reward: '1e3' }, 'invalid_request', 422],
      [{ reward: '0.0000001' }, 'invalid_request', 422],
      [{ reward: 10 }, 'invalid_request', 422],
      [{ title: '   ' }, 'invalid_request', 422],
      [{ description: 'x'.repeat(5_001) }, 'invalid_request', 422],
      [{ deadline_at: '2020-01-01T00:00:00Z' }, 'invalid_request', 422],
      [{ deadline_at: new Date(Date.now() + 91 * 86_400_000).toISOString() }, 'invalid_request', 422],
      [{ state: 'completed' }, 'invalid_request', 422],
    ])('refuses %j', async (over, code, status) => {
      const poster = await market.userWith(100n);
      expect(await market.post(poster, over)).toMatchObject({ status, body: { code } });
      expect(await errandsOf(poster)).toEqual([]);
      expect(await market.balance(poster)).toEqual([100n * COIN, 0n]);
    });

    it('asks for a key, and for somebody', async () => {
      const poster = await market.userWith(100n);
      expect(await market.post(poster, {}, '')).toMatchObject({
        status: 400,
        body: { code: 'idempotency_key_missing' },
      });
      expect((await market.call(undefined, 'GET', '/api/marketplace/tasks')).status).toBe(401);
      expect((await market.call(poster, 'GET', '/api/admin/marketplace/tasks')).status).toBe(403);
    });
  });

  describe('lists', () => {
    it('lists open errands by pages, newest first, and filters them', async () => {
      const poster = await market.userWith(1_000n);
      const later = { deadline_at: new Date(Date.now() + 60 * 86_400_000).toISOString() };
      const ids: string[] = [];
      for (const over of [{ reward: '201' }, { reward: '5' }, { reward: '202', ...later }, { reward: '203' }])
        ids.push(await market.postedBy(poster, over));
      const expert = await market.expert();
      const taken = await market.acceptedBy(poster, expert, { reward: '204' });
      const read = async (query: string): Promise<string[]> => {
        const found: string[] = [];
        for (let cursor = ''; ;) {
          const { body } = await market.call(
            poster,
            'GET',
            `/api/marketplace/tasks?limit=1${query}${cursor}`,
          );
          expect(body.items.length).toBeLessThanOrEqual(1);
          found.push(...body.items.map((item: { id: string }) => item.id));
          if (body.next_cursor === null) return found;
          cursor = `&cursor=${body.next_cursor}`;
        }
      };
      const [a = '', b = '', c = '', d = ''] = ids;
      const own = new Set(ids);
      expect((await read('')).filter((id) => own.has(id))).toEqual([d, c, b, a]);
      expect(await read('&min_reward=201')).toEqual([d, c, a]);
      const soon = new Date(Date.now() + 30 * 86_400_000).toISOString();
      expect(await read(`&min_reward=201&deadline_before=${soon}`)).toEqual([d, a]);
      const mine = await market.call(poster, 'GET', '/api/marketplace/tasks/mine');
      expect(mine.body.items.map((item: { id: string }) => item.id)).toEqual([taken, d, c, b, a]);
      const done = await market.call(
        expert,
        'GET',
        '/api/marketplace/tasks/mine?party=expert&state=accepted',
      );
      expect(done.body.items).toMatchObject([{ id: taken, expert_id: expert.id }]);
      expect(await market.call(poster, 'GET', '/api/marketplace/tasks?cursor=x')).toMatchObject({
        status: 422,
        body: { code: 'invalid_request' },
      });
      for (const id of ids) await market.step(poster, id, 'cancel');
    });
  });

  describe('accepting', () => {
    it('lets one of fifty experts at once have it', async () => {
      const poster = await market.userWith(10n);
      const experts = await Promise.all(Array.from({ length: 50 }, () => market.expert()));
      const id = await market.postedBy(poster);
      const answers = await Promise.all(experts.map((expert) => market.step(expert, id, 'accept')));
      const winners = experts.filter((_, index) => answers[index]?.status === 200);
      expect(winners).toHaveLength(1);
      const others = answers.filter(({ status }) => status !== 200);
      expect(new Set(others.map(({ body }) => `${body.code} ${body.details.state}`))).toEqual(
        new Set(['errand_in_other_state accepted']),
      );
      expect(await market.errand(id)).toMatchObject({ state: 'accepted', expert_id: winners[0]?.id });
      // The winner may ask again.
      expect((await market.step(winners[0] as TestUser, id, 'accept')).status).toBe(200);
    }, 90_000);

    it('is for experts, not for the poster, and not after the deadline', async () => {
      const poster = await market.userWith(20n);
      const expert = await market.expert();
      const id = await market.postedBy(poster);
      const stranger = await market.userWith(0n);
      expect((await market.step(stranger, id, 'accept')).body.code).toBe('expert_profile_missing');
      const profile = { display_name: 'Bo', skills: ['all'] };
      await market.call(poster, 'PUT', '/api/marketplace/experts/me', profile);
      expect(await market.step(poster, id, 'accept')).toMatchObject({
        status: 403,
        body: { code: 'errand_is_own' },
      });
      expect((await market.step(expert, randomUUID(), 'accept')).body.code).toBe('errand_not_found');
      await market.makeDue(id);
      expect(await market.step(expert, id, 'accept')).toMatchObject({
        status: 409,
        body: { code: 'errand_overdue' },
      });
    });

    it('has a limit for each expert, which steps at the same time cannot pass', async () => {
      const small = await TestMarketplace.create({ LOCKKEEPER_MARKETPLACE_MAX_ACCEPTED: '2' });
      try {
        const poster = await small.userWith(100n);
        const expert = await small.expert();
        const ids = await Promise.all(Array.from({ length: 5 }, () => small.postedBy(poster)));
        const answers = await Promise.all(ids.map((id) => small.step(expert, id, 'accept')));
        expect(answers.map(({ status, body }) => String(body.code ?? status)).sort()).toEqual([
          '200',
          '200',
          ...Array(3).fill('errand_limit_reached'),
        ]);
      } finally {
        await small.close();
      }
    });
  });

  describe('from delivery to payment', () => {
    it('moves the reward to the expert once, however often and by how many it is confirmed', async () => {
      const poster = await market.userWith(25n);
      const expert = await market.expert();
      const id = await market.deliveredBy(poster, expert);
      expect((await market.read(poster, id)).body).toMatchObject({
        state: 'delivered',
        delivery: 'Here it is.',
      });
      const answers = await Promise.all(Array.from({ length: 10 }, () => market.step(poster, id, 'confirm')));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect((await market.read(poster, id)).body).toMatchObject({
        state: 'completed',
        outcome: 'confirmed',
        payment: '10.000000',
      });
      expect(await market.balance(poster)).toEqual([15n * COIN, 0n]);
      expect(await market.balance(expert)).toEqual([10n * COIN, 0n]);
      const [paid, earned] = [await market.books(poster), await market.books(expert)];
      expect(paid.journal.at(-1)).toMatchObject({ kind: 'settle', reference: id, balanceDelta: -10n * COIN });
      expect(earned.journal).toMatchObject([
        { kind: 'grant', reason: 'reward', reference: id, balanceDelta: 10n * COIN },
      ]);
    });

    it('shows nobody else what was delivered, and lets nobody else act', async () => {
      const poster = await market.userWith(25n);
      const expert = await market.expert();
      const other = await market.expert();
      const id = await market.acceptedBy(poster, expert);
      expect(await market.read(other, id)).toMatchObject({ status: 404, body: { code: 'errand_not_found' } });
      const delivery = { delivery: 'Mine.' };
      for (const user of [other, poster]) {
        expect((await market.step(user, id, 'deliver', delivery)).body.code).toBe('errand_not_found');
      }
      expect((await market.step(poster, id, 'confirm')).body.code).toBe('errand_in_other_state');
      expect((await market.step(expert, id, 'deliver', delivery)).status).toBe(200);
      for (const user of [other, expert]) {
        expect((await market.step(user, id, 'confirm')).body.code).toBe('errand_not_found');
        expect((await market.step(user, id, 'dispute', { reason: 'Bad.' })).body.code).toBe(
          'errand_not_found',
        );
      }
      expect(await market.balance(expert)).toEqual([0n, 0n]);
    });

    it.each([
      ['0', 'cancelled', 25_000_000n, 0n],
      ['3.333333', 'completed', 21_666_667n, 3_333_333n],
      ['10', 'completed', 15_000_000n, 10_000_000n],
    ])('splits a disputed reward exactly: %s for the expert', async (payment, state, ofPoster, ofExpert) => {
      const poster = await market.userWith(25n);
      const expert = await market.expert();
      const id = await market.disputedBy(poster, expert);
      expect((await market.step(poster, id, 'confirm')).body.code).toBe('errand_in_other_state');
      expect((await market.decide(id, '10.000001')).body).toMatchObject({ code: 'invalid_request' });
      const open = await market.call(market.operator, 'GET', '/api/admin/marketplace/tasks');
      expect(open.body.items.map((item: { id: string }) => item.id)).toContain(id);
      const answers = await Promise.all(Array.from({ length: 4 }, () => market.decide(id, payment)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect((await market.read(expert, id)).body).toMatchObject({
        state,
        outcome: 'decided',
        decision_note: 'Half of it is there',
      });
      expect(await market.balance(poster)).toEqual([ofPoster, 0n]);
      expect(await market.balance(expert)).toEqual([ofExpert, 0n]);
      expect((await market.decide(id, '1')).body).toMatchObject({ code: 'errand_in_other_state' });
      const audit = await market.call(market.operator, 'GET', `/api/admin/audit?subject_id=${id}`);
      expect(audit.body.items).toMatchObject([
        {
          action: 'errand.dispute_decided',
          actor_kind: 'operator',
          actor_id: market.operator.id,
          subject_kind: 'errand',
          detail: { reward: '10.000000' },
        },
      ]);
      expect((await market.decide(id, '0', poster)).status).toBe(403);
    });
  });

  describe('cancelling', () => {
    it('gives the reward back, once', async () => {
      const poster = await market.userWith(25n);
      const id = await market.postedBy(poster);
      const answers = await Promise.all(Array.from({ length: 5 }, () => market.step(poster, id, 'cancel')));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect((await market.read(poster, id)).body).toMatchObject({
        state: 'cancelled',
        outcome: 'cancelled_by_poster',
        payment: '0.000000',
      });
      expect(await market.balance(poster)).toEqual([25n * COIN, 0n]);
      expect((await market.books(poster)).journal.filter((entry) => entry.kind === 'release')).toHaveLength(
        1,
      );
    });

    it('and accepting at the same time have one winner', async () => {
      const expert = await market.expert();
      for (let round = 0; round < 5; round++) {
        const poster = await market.userWith(10n);
        const id = await market.postedBy(poster);
        const [cancelled, accepted] = await Promise.all([
          market.step(poster, id, 'cancel'),
          market.step(expert, id, 'accept'),
        ]);
        expect(new Set([cancelled?.status, accepted?.status])).toEqual(new Set([200, 409]));
        const isCancelled = cancelled?.status === 200;
        expect(await market.balance(poster)).toEqual([10n * COIN, isCancelled ? 0n : 10n * COIN]);
      }
    });

    it('is only for what nobody has accepted', async () => {
      const poster = await market.userWith(10n);
      const expert = await market.expert();
      const id = await market.acceptedBy(poster, expert);
      expect(await market.step(poster, id, 'cancel')).toMatchObject({
        status: 409,
        body: { code: 'errand_in_other_state', details: { state: 'accepted' } },
      });
      expect(await market.balance(poster)).toEqual([10n * COIN, 10n * COIN]);
    });
  });
});
