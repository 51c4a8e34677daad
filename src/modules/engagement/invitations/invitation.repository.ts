import { Injectable } from '@nestjs/common';
import { isDuplicateKey, type Transaction, Transactions } from '../../../platform/database/index.js';
import type { MicroCoins } from '../../../shared/money.js';
import { expireCodes } from '../expired-codes.js';
import { type GrantState, PENDING_LEASE_SECONDS } from '../coin-rewards.js';

export const invitationCodeStates = ['active', 'disabled', 'expired'] as const;

export interface InvitationCode {
  id: string;
  ownerId: string;
  code: string;
  maxUses: number;
  uses: number;
  ownerReward: MicroCoins;
  inviteeReward: MicroCoins;
  expiresAt: Date;
  state: (typeof invitationCodeStates)[number];
  createdAt: Date;
}

export type NewInvitationCode = Omit<InvitationCode, 'uses' | 'state' | 'expiresAt' | 'createdAt'> & {
  validDays: number;
};

/** Who was invited by whom. */
export interface InvitationUse {
  inviteeId: string;
  codeId: string;
  ownerId: string;
  ownerReward: MicroCoins;
  inviteeReward: MicroCoins;
  state: GrantState;
  createdAt: Date;
}

type Row = Record<string, unknown>;

const CODE_COLUMNS =
  'id, owner_id, code, max_uses, uses, owner_reward, invitee_reward, expires_at, state, created_at';
const USE_COLUMNS = 'invitee_id, code_id, owner_id, owner_reward, invitee_reward, state, created_at';

/** Rolls a use back for which the code was no longer good. */
class CodeNotUsable extends Error {}

/** Invitation codes and their uses. The database's clock decides. */
@Injectable()
export class InvitationRepository {
  constructor(private readonly transactions: Transactions) {}

  /**
   * Adds a code in one of its owner's `maxActive` slots.
   * @returns false if all are taken.
   */
  async insert(code: NewInvitationCode, maxActive: number): Promise<boolean> {
    // Each attempt that fails found one more slot taken.
    for (let attempt = 0; attempt <= maxActive; attempt++) {
      const rows: { slot: number }[] = await this.transactions.single.query(
        'SELECT slot FROM invitation_codes WHERE owner_id = ? AND slot IS NOT NULL',
        [code.ownerId],
      );
      const taken = new Set(rows.map(({ slot }) => slot));
      const slot = Array.from({ length: maxActive }, (_, index) => index).find((index) => !taken.has(index));
      if (slot === undefined) return false;
      try {
        await this.insertInSlot(code, slot);
        return true;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    }
    return false;
  }

  async findById(ownerId: string, id: string): Promise<InvitationCode | undefined> {
    return (await this.select('WHERE id = ? AND owner_id = ?', [id, ownerId]))[0];
  }

  /** A code that can be used now. */
  async findUsable(code: string): Promise<InvitationCode | undefined> {
    const where = `WHERE code = ? AND state = 'active' AND expires_at > UTC_TIMESTAMP(3) AND uses < max_uses`;
    return (await this.select(where, [code]))[0];
  }

  /** The newest of a user first, those with ids below `before`. */
  list(ownerId: string, before: string | undefined, limit: number): Promise<InvitationCode[]> {
    return before === undefined
      ? this.select('WHERE owner_id = ? ORDER BY id DESC LIMIT ?', [ownerId, limit])
      : this.select('WHERE owner_id = ? AND id < ? ORDER BY id DESC LIMIT ?', [ownerId, before, limit]);
  }

  /** Gives its slot back. @returns false if it was not an active one of the owner's. */
  async disable(ownerId: string, id: string): Promise<boolean> {
    const result: { affectedRows: number } = await this.transactions.single.query(
      `UPDATE invitation_codes SET state = 'disabled', slot = NULL
       WHERE id = ? AND owner_id = ? AND state = 'active'`,
      [id, ownerId],
    );
    return result.affectedRows === 1;
  }

  async findUse(inviteeId: string): Promise<InvitationUse | undefined> {
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${USE_COLUMNS} FROM invitation_uses WHERE invitee_id = ?`,
      [inviteeId],
    );
    return rows.map(toUse)[0];
  }

  /**
   * Writes down that a user was invited, pending, if the code is still good.
   * @returns `already` if the user has used a code before.
   */
  async use(code: InvitationCode, inviteeId: string): Promise<'used' | 'already' | 'not_usable'> {
    try {
      await this.transactions.run((transaction) => insertUse(transaction, code, inviteeId));
      return 'used';
    } catch (error) {
      if (error instanceof CodeNotUsable) return 'not_usable';
      if (isDuplicateKey(error)) return 'already';
      throw error;
    }
  }

  async finishGrant(inviteeId: string, state: GrantState): Promise<void> {
    await this.transactions.single.query(
      `UPDATE invitation_uses SET state = ?, granted_at = UTC_TIMESTAMP(3)
       WHERE invitee_id = ? AND state = 'pending'`,
      [state, inviteeId],
    );
  }

  /** Uses that have been pending for so long that their requests must have ended. */
  async listLeftPending(limit: number): Promise<InvitationUse[]> {
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${USE_COLUMNS} FROM invitation_uses
       WHERE state = 'pending' AND created_at < UTC_TIMESTAMP(3) - INTERVAL ? SECOND
       ORDER BY created_at LIMIT ?`,
      [PENDING_LEASE_SECONDS, limit],
    );
    return rows.map(toUse);
  }

  /** Marks active codes whose time is up, in batches, and frees their slots. @returns how many. */
  expire(signal: AbortSignal): Promise<number> {
    return expireCodes(
      this.transactions,
      {
        name: 'invitation_codes',
        endColumn: 'expires_at',
        endIndex: 'idx_invitation_codes_end',
        freed: 'slot = NULL',
      },
      signal,
    );
  }

  /** Deletes up to `limit` codes of a user. @returns how many. */
  async deleteSomeOf(ownerId: string, limit: number): Promise<number> {
    const result: { affectedRows: number } = await this.transactions.single.query(
      'DELETE FROM invitation_codes WHERE owner_id = ? LIMIT ?',
      [ownerId, limit],
    );
    return result.affectedRows;
  }

  private async insertInSlot(code: NewInvitationCode, slot: number): Promise<void> {
    await this.transactions.single.query(
      `INSERT INTO invitation_codes
         (id, owner_id, slot, code, max_uses, uses, owner_reward, invitee_reward, expires_at, state, created_at)
       VALUES (?, ?, ?, ?, ?, 0, ?, ?, UTC_TIMESTAMP(3) + INTERVAL ? DAY, 'active', UTC_TIMESTAMP(3))`,
      [
        code.id,
        code.ownerId,
        slot,
        code.code,
        code.maxUses,
        code.ownerReward,
        code.inviteeReward,
        code.validDays,
      ],
    );
  }

  private async select(where: string, values: unknown[]): Promise<InvitationCode[]> {
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${CODE_COLUMNS} FROM invitation_codes ${where}`,
      values,
    );
    return rows.map(toCode);
  }
}

/** @throws CodeNotUsable, and a duplicate-key error if the user was invited before. */
async function insertUse(transaction: Transaction, code: InvitationCode, inviteeId: string): Promise<void> {
  await transaction.query(
    `INSERT INTO invitation_uses (${USE_COLUMNS}) VALUES (?, ?, ?, ?, ?, 'pending', UTC_TIMESTAMP(3))`,
    [inviteeId, code.id, code.ownerId, code.ownerReward, code.inviteeReward],
  );
  // Last, so that others with the same code wait for no more than the commit.
  const result: { affectedRows: number } = await transaction.query(
    `UPDATE invitation_codes SET uses = uses + 1
     WHERE id = ? AND state = 'active' AND expires_at > UTC_TIMESTAMP(3) AND uses < max_uses`,
    [code.id],
  );
  if (result.affectedRows === 0) throw new CodeNotUsable();
}

function toCode(row: Row): InvitationCode {
  return {
    id: row['id'] as string,
    ownerId: row['owner_id'] as string,
    code: row['code'] as string,
    maxUses: Number(row['max_uses']),
    uses: Number(row['uses']),
    ownerReward: BigInt(row['owner_reward'] as string),
    inviteeReward: BigInt(row['invitee_reward'] as string),
    expiresAt: row['expires_at'] as Date,
    state: row['state'] as InvitationCode['state'],
    createdAt: row['created_at'] as Date,
  };
}

function toUse(row: Row): InvitationUse {
  return {
    inviteeId: row['invitee_id'] as string,
    codeId: row['code_id'] as string,
    ownerId: row['owner_id'] as string,
    ownerReward: BigInt(row['owner_reward'] as string),
    inviteeReward: BigInt(row['invitee_reward'] as string),
    state: row['state'] as GrantState,
    createdAt: row['created_at'] as Date,
  };
}
