import { Injectable } from '@nestjs/common';
import {
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { InvitationService } from '../invitations/invitation.service.js';
import { checkExpiredInvitationCodes } from './check-expired-invitation-codes.task.js';

@Injectable()
@RunsTask(checkExpiredInvitationCodes)
export class CheckExpiredInvitationCodesHandler implements PeriodicTaskHandler {
  constructor(private readonly invitations: InvitationService) {}

  run({ signal }: TaskRun): Promise<TaskOutcome> {
    return this.invitations.expireCodes(signal);
  }
}
