import { Module } from '@nestjs/common';
import { ActivityOperationsController } from './activities/activity-operations.controller.js';
import { ActivityController } from './activities/activity.controller.js';
import { CouponController, CouponOperationsController } from './coupons/coupon.controller.js';
import { EngagementModule } from './engagement.module.js';
import { InvitationController } from './invitations/invitation.controller.js';
import { PointController, PointOperationsController } from './points/point.controller.js';

@Module({
  imports: [EngagementModule],
  controllers: [
    CouponController,
    CouponOperationsController,
    InvitationController,
    PointController,
    PointOperationsController,
    ActivityController,
    ActivityOperationsController,
  ],
})
export class EngagementHttpModule {}
