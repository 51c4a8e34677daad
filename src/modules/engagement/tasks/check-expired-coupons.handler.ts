import { Injectable } from '@nestjs/common';
import {
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { CouponService } from '../coupons/coupon.service.js';
import { checkExpiredCoupons } from './check-expired-coupons.task.js';

@Injectable()
@RunsTask(checkExpiredCoupons)
export class CheckExpiredCouponsHandler implements PeriodicTaskHandler {
  constructor(private readonly coupons: CouponService) {}

  run({ signal }: TaskRun): Promise<TaskOutcome> {
    return this.coupons.expireCoupons(signal);
  }
}
