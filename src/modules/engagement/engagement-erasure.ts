import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Erasers } from '../conversation/index.js';
import { ParticipantRepository } from './activities/participant.repository.js';
import { InvitationRepository } from './invitations/invitation.repository.js';

const BATCH_SIZE = 500;

/**
 * When a user is erased, the user's invitation codes can be used no more and the user takes part in nothing. What
 * moved coins or points stays, under an id that is then a pseudonym.
 */
@Injectable()
export class EngagementErasure implements OnModuleInit {
  constructor(
    private readonly erasers: Erasers,
    private readonly invitations: InvitationRepository,
    private readonly participants: ParticipantRepository,
  ) {}

  onModuleInit(): void {
    this.erasers.register('engagement', { eraseUser: (userId) => this.eraseUser(userId) });
  }

  private async eraseUser(userId: string): Promise<void> {
    while ((await this.invitations.deleteSomeOf(userId, BATCH_SIZE)) === BATCH_SIZE);
    while ((await this.participants.deleteSomeOf(userId, BATCH_SIZE)) === BATCH_SIZE);
  }
}
