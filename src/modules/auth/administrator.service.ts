import { Injectable } from '@nestjs/common';
import { isDuplicateKey } from '../../platform/database/index.js';
import { invalidRequest } from '../../platform/errors/index.js';
import { ApiKeyService } from './api-key.service.js';
import { AuditLog } from './audit-log.js';
import { emailTaken, userNotFound } from './auth.errors.js';
import { grantableKeyScopes } from './domain/roles.js';
import { newPasswordSchema } from './dto/fields.dto.js';
import { UserRepository } from './user.repository.js';
import { UserService } from './user.service.js';

const KEY_NAME = 'first administrator';

/** What `ensureAdministrator` is asked for. */
export interface AdministratorRequest {
  email: string;
  /** Called only if the account has to be made. */
  readPassword: () => Promise<string>;
  /** Whether an administrator who exists gets a new key, and the last one from here is revoked. */
  isKeyReset: boolean;
}

/** What `ensureAdministrator` did. The key is there only if one was made now. */
export interface EnsuredAdministrator {
  isCreated: boolean;
  userId?: string;
  apiKey?: string;
}

/** Makes the first administrator of an installation, who can then make all other users. */
@Injectable()
export class AdministratorService {
  constructor(
    private readonly users: UserRepository,
    private readonly userService: UserService,
    private readonly apiKeys: ApiKeyService,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Makes an administrator with a key of all scopes that keys can have, unless there is an active one
   * already. May be repeated, and run from several places at once: one of them makes it.
   * @throws invalid_request for a password that is too short or too long; email_taken if the address belongs to a user who is no administrator; user_not_found if a key is
   *   to be reset and no active administrator has the address.
   */
  async ensureAdministrator(request: AdministratorRequest): Promise<EnsuredAdministrator> {
    if (await this.users.hasActiveAdministrator()) return this.leaveOrReset(request);
    const user = await this.userService.prepareUser({
      email: request.email,
      password: checkPassword(await request.readPassword()),
      role: 'admin',
    });
    const made = await this.users
      .withFirstAdministratorLock(async (transaction) => {
        if (await this.users.hasActiveAdministrator(transaction)) return undefined;
        await this.users.insert(transaction, user);
        return this.apiKeys.insertKey(transaction, user.id, keyOfAllScopes());
      })
      .catch((error: unknown) => {
        throw isDuplicateKey(error) ? emailTaken({ cause: error }) : error;
      });
    if (!made) return this.leaveOrReset(request);
    this.audit.write('administrator_created', { user_id: user.id, key_id: made.key.id });
    return { isCreated: true, userId: user.id, apiKey: made.secret };
  }

  private async leaveOrReset({ email, isKeyReset }: AdministratorRequest): Promise<EnsuredAdministrator> {
    if (!isKeyReset) return { isCreated: false };
    const user = await this.users.findByEmail(email);
    if (!user || user.role !== 'admin' || user.isDisabled) {
      throw userNotFound({ detail: `No active administrator has the address ${email}.` });
    }
    await this.apiKeys.revokeKeysNamed(user.id, KEY_NAME);
    const { secret } = await this.apiKeys.createKey(user.id, keyOfAllScopes());
    return { isCreated: false, userId: user.id, apiKey: secret };
  }
}

function keyOfAllScopes() {
  return { name: KEY_NAME, scopes: grantableKeyScopes('admin') };
}

function checkPassword(password: string): string {
  const checked = newPasswordSchema.safeParse(password);
  if (checked.success) return checked.data;
  throw invalidRequest({ detail: `The password ${checked.error.issues[0]?.message}.`, param: 'password' });
}
