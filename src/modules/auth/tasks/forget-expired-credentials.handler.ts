import { Injectable } from '@nestjs/common';
import {
  inBatches,
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { ExpiredCredentialRepository, type ExpiredToken } from '../expired-credential.repository.js';
import { forgetExpiredCredentials } from './forget-expired-credentials.task.js';

const SIZES = { first: 200, max: 1_000 };

/** Keeps the tables of sessions short. What it takes away could not be used any more. */
@Injectable()
@RunsTask(forgetExpiredCredentials)
export class ForgetExpiredCredentialsHandler implements PeriodicTaskHandler {
  constructor(private readonly credentials: ExpiredCredentialRepository) {}

  async run({ signal }: Pick<TaskRun, 'signal'>): Promise<TaskOutcome> {
    const forgotten = { refresh_tokens: 0, console_sessions: 0, sessions: 0, revoked_tokens: 0 };
    await inBatches<ExpiredToken>(signal, SIZES, async (size, after) => {
      const due = await this.credentials.listRefreshTokens(after, size);
      const { tokens, sessions } = await this.credentials.forgetRefreshTokens(due);
      forgotten.refresh_tokens += tokens;
      forgotten.sessions += sessions;
      return { found: due.length, last: due.at(-1) };
    });
    await inBatches<ExpiredToken>(signal, SIZES, async (size, after) => {
      const due = await this.credentials.listConsoleSessions(after, size);
      const { cookies, sessions } = await this.credentials.forgetConsoleSessions(due);
      forgotten.console_sessions += cookies;
      forgotten.sessions += sessions;
      return { found: due.length, last: due.at(-1) };
    });
    await inBatches<ExpiredToken>(signal, SIZES, async (size, after) => {
      const due = await this.credentials.listRevokedTokens(after, size);
      forgotten.revoked_tokens += await this.credentials.forgetRevokedTokens(due.map(({ hash }) => hash));
      return { found: due.length, last: due.at(-1) };
    });
    return forgotten;
  }
}
