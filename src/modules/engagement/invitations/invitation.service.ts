import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { Clock } from '../../../shared/clock.js';
import { derivedId, newId } from '../../../shared/ids.js';
import { UserService } from '../../auth/index.js';
import { CodeAttempts } from '../code-attempts.js';
import { isCode, newCode, normalizeCode } from '../codes.js';
import { CoinRewards } from '../coin-rewards.js';
import { engagementConfig } from '../engagement.config.js';
import {
  accountTooOld,
  alreadyInvited,
  invitationCodeNotFound,
  invitationCodeNotUsable,
  ownInvitationCode,
  tooManyInvitationCodes,
} from '../engagement.errors.js';
import { completeLeftPending } from '../left-pending.js';
import { type InvitationCode, InvitationRepository, type InvitationUse } from './invitation.repository.js';

/** 60 random bits. */
const CODE_LENGTH = 12;
const HOUR_MS = 3_600_000;
const USES_AT_ONCE = 4;

/** Codes by which users invite new users; both sides are rewarded, once for each invitee. */
@Injectable()
export class InvitationService {
  constructor(
    private readonly repository: InvitationRepository,
    private readonly users: UserService,
    private readonly attempts: CodeAttempts,
    private readonly rewards: CoinRewards,
    private readonly clock: Clock,
    @Inject(engagementConfig.token) private readonly config: ConfigOf<typeof engagementConfig>,
  ) {}

  /** Makes a code that promises the rewards of today's configuration. @throws `too_many_invitation_codes` */
  async createCode(ownerId: string): Promise<InvitationCode> {
    const id = newId();
    const isMade = await this.repository.insert(
      {
        id,
        ownerId,
        code: newCode(CODE_LENGTH),
        maxUses: this.config.invitationCodeUses,
        ownerReward: this.config.invitationOwnerCoins,
        inviteeReward: this.config.invitationInviteeCoins,
        validDays: this.config.invitationCodeDays,
      },
      this.config.invitationCodesPerUser,
    );
    const code = isMade && (await this.repository.findById(ownerId, id));
    if (!code) throw tooManyInvitationCodes();
    return code;
  }

  /** Ends a code of one's own at once. @throws `invitation_code_not_found` */
  async disableCode(ownerId: string, id: string): Promise<InvitationCode> {
    await this.repository.disable(ownerId, id);
    const code = await this.repository.findById(ownerId, id);
    if (!code) throw invitationCodeNotFound();
    return code;
  }

  /**
   * Uses a code: when this returns, both sides have their coins, once for the invitee whatever the code. The same call
   * again gives the same answer.
   * @throws `invitation_code_not_usable`, `own_invitation_code`, `already_invited`, `account_too_old`,
   *   `too_many_code_attempts`
   */
  async useCode(inviteeId: string, text: string): Promise<InvitationUse> {
    const code = normalizeCode(text);
    return this.attempts.count(inviteeId, async () => {
      const before = await this.repository.findUse(inviteeId);
      if (before) return this.complete(await this.sameUse(before, code));
      const user = await this.users.findUser(inviteeId);
      const ageHours = (this.clock.nowMs() - user.createdAt.getTime()) / HOUR_MS;
      if (ageHours >= this.config.invitationAccountAgeHours) throw accountTooOld();
      const invitation = isCode(code) ? await this.repository.findUsable(code) : undefined;
      if (!invitation) throw invitationCodeNotUsable({ param: 'code' });
      if (invitation.ownerId === inviteeId) throw ownInvitationCode({ param: 'code' });
      const outcome = await this.repository.use(invitation, inviteeId);
      if (outcome === 'not_usable') throw invitationCodeNotUsable({ param: 'code' });
      const use = await this.repository.findUse(inviteeId);
      if (!use || use.codeId !== invitation.id) throw alreadyInvited();
      return this.complete(use);
    });
  }

  /** Marks codes whose time is up, and gives the coins of uses that broke off. */
  async expireCodes(signal: AbortSignal): Promise<{ expired: number; completed: number }> {
    const expired = await this.repository.expire(signal);
    const completed = await completeLeftPending(
      signal,
      (limit) => this.repository.listLeftPending(limit),
      (use) => this.complete(use),
      USES_AT_ONCE,
    );
    return { expired, completed };
  }

  /** The use that was made of this very code. @throws `already_invited` if it was another. */
  private async sameUse(use: InvitationUse, code: string): Promise<InvitationUse> {
    const used = await this.repository.findById(use.ownerId, use.codeId);
    if (used?.code !== code) throw alreadyInvited();
    return use;
  }

  private async complete(use: InvitationUse): Promise<InvitationUse> {
    if (use.state !== 'pending') return use;
    const { inviteeId, ownerId, ownerReward, inviteeReward } = use;
    const given = [
      await this.rewards.give({
        id: derivedId(inviteeId, 'invitation.invitee'),
        accountId: inviteeId,
        amount: inviteeReward,
        reason: 'invitation',
      }),
      await this.rewards.give({
        id: derivedId(inviteeId, 'invitation.owner'),
        accountId: ownerId,
        amount: ownerReward,
        reason: 'invitation',
      }),
    ];
    const state = given.includes('refused') ? 'refused' : 'granted';
    await this.repository.finishGrant(inviteeId, state);
    return { ...use, state };
  }
}
