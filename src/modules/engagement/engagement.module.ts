import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { AuthModule } from '../auth/index.js';
import { CoinAccountModule } from '../coin-account/index.js';
import { ConversationModule } from '../conversation/index.js';
import { ActivityEnding } from './activities/activity-ending.js';
import { ActivityRepository } from './activities/activity.repository.js';
import { ActivityService } from './activities/activity.service.js';
import { ParticipantRepository } from './activities/participant.repository.js';
import { Payees } from './activities/payees.js';
import { PayoutRepository } from './activities/payout.repository.js';
import { CodeAttempts } from './code-attempts.js';
import { CoinRewards } from './coin-rewards.js';
import { CouponRepository } from './coupons/coupon.repository.js';
import { CouponService } from './coupons/coupon.service.js';
import { EngagementErasure } from './engagement-erasure.js';
import { InvitationRepository } from './invitations/invitation.repository.js';
import { InvitationService } from './invitations/invitation.service.js';
import { PointRepository } from './points/point.repository.js';
import { PointService } from './points/point.service.js';

const shared = [
  CouponRepository,
  CouponService,
  InvitationRepository,
  InvitationService,
  PointRepository,
  PointService,
  ActivityRepository,
  ParticipantRepository,
  PayoutRepository,
  Payees,
  ActivityService,
  ActivityEnding,
];

/** What brings users back: coupons, invitations, points, activities. */
@Module({
  imports: [AuditModule, AuthModule, CoinAccountModule, ConversationModule],
  providers: [CodeAttempts, CoinRewards, EngagementErasure, ...shared],
  exports: [AuthModule, ...shared],
})
export class EngagementModule {}
