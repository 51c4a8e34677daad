import { defineError } from '../../platform/errors/index.js';

export const authenticationRequired = defineError({
  code: 'authentication_required',
  kind: 'unauthenticated',
  title: 'Send an access token or an API key as `Authorization: Bearer …`.',
});

export const tokenInvalid = defineError({
  code: 'token_invalid',
  kind: 'unauthenticated',
  title: 'The access token is not one of ours.',
});

export const tokenExpired = defineError({
  code: 'token_expired',
  kind: 'unauthenticated',
  title: 'The access token has expired. Get a new one with the refresh token.',
});

export const tokenRevoked = defineError({
  code: 'token_revoked',
  kind: 'unauthenticated',
  title: 'The access token has been revoked. Sign in again.',
});

export const apiKeyInvalid = defineError({
  code: 'api_key_invalid',
  kind: 'unauthenticated',
  title: 'The API key does not exist or has been revoked.',
});

export const apiKeyExpired = defineError({
  code: 'api_key_expired',
  kind: 'unauthenticated',
  title: 'The API key has expired.',
});

export const scopeMissing = defineError({
  code: 'scope_missing',
  kind: 'forbidden',
  title: 'The caller lacks the scope that this call asks for.',
});

export const credentialsInvalid = defineError({
  code: 'credentials_invalid',
  kind: 'unauthenticated',
  title: 'The e-mail address or the password is wrong, or the account is disabled.',
});

export const refreshTokenInvalid = defineError({
  code: 'refresh_token_invalid',
  kind: 'unauthenticated',
  title: 'The refresh token is unknown, expired or revoked. Sign in again.',
});

export const refreshTokenReused = defineError({
  code: 'refresh_token_reused',
  kind: 'unauthenticated',
  title: 'The refresh token had been used before, so its session was ended. Sign in again.',
});

export const currentPasswordWrong = defineError({
  code: 'current_password_wrong',
  kind: 'forbidden',
  title: 'The current password is wrong.',
});

export const tooManyAttempts = defineError({
  code: 'too_many_attempts',
  kind: 'rate_limited',
  title: 'Too many attempts. Wait, then try again.',
});

export const signUpClosed = defineError({
  code: 'sign_up_closed',
  kind: 'forbidden',
  title: 'This installation does not let people sign up. Ask an administrator for an account.',
});

export const emailTaken = defineError({
  code: 'email_taken',
  kind: 'conflict',
  title: 'There is an account with this e-mail address already.',
});

export const userNotFound = defineError({
  code: 'user_not_found',
  kind: 'not_found',
  title: 'There is no such user.',
});

export const lastAdministrator = defineError({
  code: 'last_administrator',
  kind: 'conflict',
  title: 'The last active administrator can be neither demoted nor disabled nor erased.',
});

export const apiKeyNotFound = defineError({
  code: 'api_key_not_found',
  kind: 'not_found',
  title: 'You have no such API key.',
});

export const tooManyApiKeys = defineError({
  code: 'too_many_api_keys',
  kind: 'conflict',
  title: 'You have as many live API keys as one user may have. Revoke one first.',
});

export const scopeNotGrantable = defineError({
  code: 'scope_not_grantable',
  kind: 'forbidden',
  title: 'A key cannot have a scope that its owner does not have.',
});

export const consoleSessionEnded = defineError({
  code: 'console_session_ended',
  kind: 'unauthenticated',
  title: 'The session of the console is over. Sign in again.',
});

export const csrfTokenMissing = defineError({
  code: 'csrf_token_missing',
  kind: 'forbidden',
  title: 'A request by cookie that changes something needs the header `X-CSRF-Token`.',
});

export const csrfTokenInvalid = defineError({
  code: 'csrf_token_invalid',
  kind: 'forbidden',
  title: 'The CSRF token is not that of this session. Read it anew from `GET /api/console/session`.',
});

export const crossSiteRequest = defineError({
  code: 'cross_site_request',
  kind: 'forbidden',
  title: 'A page of another site made this request. Only pages of this service may.',
});
