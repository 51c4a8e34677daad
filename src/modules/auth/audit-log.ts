import { Injectable, Logger } from '@nestjs/common';
import { tokenHash } from './domain/secrets.js';

/** What can be read about in the audit log. */
export type SecurityEvent =
  | 'signed_up'
  | 'sign_in_succeeded'
  | 'sign_in_failed'
  | 'sign_in_limited'
  | 'signed_out'
  | 'refresh_token_reused'
  | 'password_changed'
  | 'password_change_failed'
  | 'password_confirmation_failed'
  | 'user_created'
  | 'user_changed'
  | 'user_erased'
  | 'administrator_created'
  | 'api_key_created'
  | 'api_key_revoked';

/** Facts of an event, as they stand in the log line. Never a secret. */
export interface SecurityEventFields {
  user_id?: string | undefined;
  /** Who did it, if it was done to another user. */
  actor_id?: string | undefined;
  /** Stands for the e-mail address, which people sometimes mistake for the password field. */
  account?: string | undefined;
  remote_address?: string | undefined;
  session_id?: string | undefined;
  key_id?: string | undefined;
  role?: string | undefined;
  is_disabled?: boolean | undefined;
  scopes?: readonly string[] | undefined;
}

/** One log line for each event that matters to security. */
@Injectable()
export class AuditLog {
  private readonly logger = new Logger('Audit');

  write(event: SecurityEvent, fields: SecurityEventFields): void {
    this.logger.log(event.replaceAll('_', ' '), { event: `auth.${event}`, ...fields });
  }
}

/** A short stand-in for an e-mail address: the same for the same address, and not the address. */
export function accountMark(email: string): string {
  return tokenHash(email.toLowerCase()).slice(0, 16);
}
