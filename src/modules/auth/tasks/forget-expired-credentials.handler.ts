import { Injectable } from '@nestjs/common';
import {
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { ExpiredCredentialRepository } from '../expired-credential.repository.js';
import { forgetExpiredCredentials } from './forget-expired-credentials.task.js';

const BATCH_SIZE = 500;

/** Keeps the tables of sessions short. What it takes away could not be used any more. */
@Injectable()
@RunsTask(forgetExpiredCredentials)
export class ForgetExpiredCredentialsHandler implements PeriodicTaskHandler {
  constructor(private readonly credentials: ExpiredCredentialRepository) {}

  async run({ signal }: Pick<TaskRun, 'signal'>): Promise<TaskOutcome> {
    const forgotten = { refresh_tokens: 0, console_sessions: 0, sessions: 0, revoked_tokens: 0 };
    for (let isLast = false; !isLast && !signal.aborted;) {
      const { tokens, sessions } = await this.credentials.forgetRefreshTokens(BATCH_SIZE);
      forgotten.refresh_tokens += tokens;
      forgotten.sessions += sessions;
      isLast = tokens < BATCH_SIZE;
    }
    for (let isLast = false; !isLast && !signal.aborted;) {
      const { cookies, sessions } = await this.credentials.forgetConsoleSessions(BATCH_SIZE);
      forgotten.console_sessions += cookies;
      forgotten.sessions += sessions;
      isLast = cookies < BATCH_SIZE;
    }
    for (let isLast = false; !isLast && !signal.aborted;) {
      const tokens = await this.credentials.forgetRevokedTokens(BATCH_SIZE);
      forgotten.revoked_tokens += tokens;
      isLast = tokens < BATCH_SIZE;
    }
    return forgotten;
  }
}
