import { Module } from '@nestjs/common';
import { ExpiredCredentialRepository } from './expired-credential.repository.js';
import { ForgetExpiredCredentialsHandler } from './tasks/forget-expired-credentials.handler.js';

/** What a worker does for auth: it forgets what has expired. */
@Module({ providers: [ExpiredCredentialRepository, ForgetExpiredCredentialsHandler] })
export class AuthWorkerModule {}
