import { Module } from '@nestjs/common';
import { EngagementModule } from './engagement.module.js';
import { CheckAndEndActivitiesHandler } from './tasks/check-and-end-activities.handler.js';
import { CheckExpiredCouponsHandler } from './tasks/check-expired-coupons.handler.js';
import { CheckExpiredInvitationCodesHandler } from './tasks/check-expired-invitation-codes.handler.js';
import { CheckExpiredPointsHandler } from './tasks/check-expired-points.handler.js';

/** What is done by time, in the worker. */
@Module({
  imports: [EngagementModule],
  providers: [
    CheckExpiredCouponsHandler,
    CheckExpiredInvitationCodesHandler,
    CheckExpiredPointsHandler,
    CheckAndEndActivitiesHandler,
  ],
})
export class EngagementWorkerModule {}
