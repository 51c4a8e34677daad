import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CoinAccountService } from '../../src/modules/coin-account/index.js';
import { CheckExpiredInvitationCodesHandler } from '../../src/modules/engagement/tasks/check-expired-invitation-codes.handler.js';
import { COIN } from '../factories/coin-api.js';
import { TestEngagement } from '../factories/engagement.js';
import type { TestUser } from '../factories/users.js';

interface Code {
  id: string;
  code: string;
  uses: number;
  state: string;
}

describe('invitation codes', () => {
  let engagement: TestEngagement;
  beforeAll(async () => {
    engagement = await TestEngagement.create({
      LOCKKEEPER_INVITATION_OWNER_COINS: '3',
      LOCKKEEPER_INVITATION_INVITEE_COINS: '2',
      LOCKKEEPER_INVITATION_CODE_USES: '5',
      LOCKKEEPER_INVITATION_CODES_PER_USER: '3',
    });
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(async () => {
    await engagement.expectCleanBooks();
    await engagement.close();
  });

  const create = (owner: TestUser) => engagement.call<Code>('POST', '/api/invitations/codes', owner);
  const codeOf = async (owner: TestUser) => (await create(owner)).body;
  const use = (user: TestUser, code: string) =>
    engagement.call('POST', '/api/invitations/uses', user, { code });
  const list = (owner: TestUser) => engagement.readAll<Code>('/api/invitations/codes', owner, 2);
  const runTask = () => engagement.run(CheckExpiredInvitationCodesHandler);
  const endTime = (id: string) =>
    engagement.sql('UPDATE invitation_codes SET expires_at = UTC_TIMESTAMP(3) WHERE id = ?', id);

  it('reward both sides, once, however often they are used', async () => {
    const [owner, invitee] = await engagement.users(2);
    const { code } = await codeOf(owner!);
    const answers = await Promise.all(Array.from({ length: 10 }, () => use(invitee!, code.toLowerCase())));
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 200, body: { reward: '2.000000', state: 'granted' } });
    expect(await engagement.balanceOf(owner!)).toBe(3n * COIN);
    expect(await engagement.balanceOf(invitee!)).toBe(2n * COIN);
    expect(await list(owner!)).toMatchObject([{ code, uses: 1, state: 'active' }]);
  });

  it('count one use for each invitee, whatever the code', async () => {
    const [owner, other, invitee] = await engagement.users(3);
    const codes = [await codeOf(owner!), await codeOf(owner!), await codeOf(other!)];
    const answers = await Promise.all(codes.map(({ code }) => use(invitee!, code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refusals = answers.filter(({ status }) => status === 409).map(({ body }) => body['code']);
    expect(refusals).toEqual(['already_invited', 'already_invited']);
    expect(await engagement.balanceOf(invitee!)).toBe(2n * COIN);
    const owners = (await engagement.balanceOf(owner!)) + (await engagement.balanceOf(other!));
    expect(owners).toBe(3n * COIN);
  });

  it('are good for so many users, also at once', async () => {
    const [owner, ...invitees] = await engagement.users(13);
    const { code } = await codeOf(owner!);
    const answers = await Promise.all(invitees.map((invitee) => use(invitee, code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(({ body }) => body['code']))).toEqual(new Set(['invitation_code_not_usable']));
    expect(await engagement.balanceOf(owner!)).toBe(15n * COIN);
    expect(await list(owner!)).toMatchObject([{ uses: 5 }]);
  });

  it('are no use to their owner, to old accounts, or once over or disabled', async () => {
    const [owner, invitee, old] = await engagement.users(3);
    const [good, over, disabled] = [await codeOf(owner!), await codeOf(owner!), await codeOf(owner!)];
    expect(await use(owner!, good.code)).toMatchObject({
      status: 409,
      body: { code: 'own_invitation_code' },
    });
    await engagement.sql('UPDATE users SET created_at = created_at - INTERVAL 8 DAY WHERE id = ?', old!.id);
    expect(await use(old!, good.code)).toMatchObject({ status: 403, body: { code: 'account_too_old' } });
    await endTime(over.id);
    const disable = (user: TestUser) =>
      engagement.call('POST', `/api/invitations/codes/${disabled.id}/disable`, user);
    expect((await disable(invitee!)).status).toBe(404);
    expect(await disable(owner!)).toMatchObject({ status: 200, body: { state: 'disabled' } });
    for (const code of [over.code, disabled.code, 'NOSUCHCODE', 'ÄÖÜ🎉'])
      expect(await use(invitee!, code)).toMatchObject({ body: { code: 'invitation_code_not_usable' } });
    expect(await engagement.balanceOf(owner!)).toBe(0n);
  });

  it('are bounded for each user, also when made at once, and make room when they end', async () => {
    const owner = await engagement.user();
    const answers = await Promise.all(Array.from({ length: 8 }, () => create(owner)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(await create(owner)).toMatchObject({ status: 409, body: { code: 'too_many_invitation_codes' } });
    const [first, second] = await list(owner);
    await engagement.call('POST', `/api/invitations/codes/${first!.id}/disable`, owner);
    expect((await create(owner)).status).toBe(201);
    await runTask();
    await endTime(second!.id);
    const runs = await Promise.all([runTask(), runTask()]);
    expect(runs.reduce((sum, run) => sum + (run['expired'] ?? 0), 0)).toBe(1);
    expect((await create(owner)).status).toBe(201);
    const all = await list(owner);
    expect(all.find(({ id }) => id === second!.id)).toMatchObject({ state: 'expired' });
    expect(all).toHaveLength(5);
    expect(await runTask()).toEqual({ expired: 0, completed: 0 });
  });

  it.each([1, 2])('give what is owed if the use broke off at grant %i', async (failing) => {
    const [owner, invitee, second] = await engagement.users(3);
    const { code } = await codeOf(owner!);
    const service = engagement.test.app.get(CoinAccountService);
    const give = service.grantCoins.bind(service);
    let calls = 0;
    const spy = vi.spyOn(service, 'grantCoins').mockImplementation((request) => {
      if (++calls === failing) throw new Error('the process died');
      return give(request);
    });
    expect((await use(invitee!, code)).status).toBe(500);
    calls = 0;
    expect((await use(second!, code)).status).toBe(500);
    spy.mockRestore();
    expect(await use(invitee!, code)).toMatchObject({ status: 200, body: { state: 'granted' } });
    await engagement.sql('UPDATE invitation_uses SET created_at = UTC_TIMESTAMP(3) - INTERVAL 1 HOUR');
    await Promise.all([runTask(), runTask()]);
    expect(await engagement.balanceOf(owner!)).toBe(6n * COIN);
    expect(await engagement.balanceOf(invitee!)).toBe(2n * COIN);
    expect(await engagement.balanceOf(second!)).toBe(2n * COIN);
    expect(await runTask()).toMatchObject({ completed: 0 });
  });
});
