import type { Scope } from '../../../platform/http/index.js';

/** What a user is in the installation. Each role has all that the one before it has. */
export const roles = ['user', 'agent', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

const userScopes: readonly Scope[] = [
  'chat',
  'conversations:read',
  'conversations:write',
  'coins:read',
  'engagement',
  'logs:write',
  'support',
  'marketplace',
  'memory',
  'files',
  'tasks',
  'knowledge',
  'account',
];
const agentScopes: readonly Scope[] = [...userScopes, 'support:answer'];
// Logs are of the installation, not of who sent them: reading them is for its operators.
const operatorScopes: readonly Scope[] = [...agentScopes, 'logs:read', 'operations'];

/** What each role may do. */
export const roleScopes: Record<Role, readonly Scope[]> = {
  user: userScopes,
  agent: agentScopes,
  operator: operatorScopes,
  admin: [...operatorScopes, 'administration'],
};

/**
 * The scopes an API key can have: all but `account`, since a key that leaked must not be able to change the
 * password or make more keys.
 */
export const keyScopes = [
  'chat',
  'conversations:read',
  'conversations:write',
  'coins:read',
  'engagement',
  'logs:read',
  'logs:write',
  'support',
  'support:answer',
  'marketplace',
  'memory',
  'files',
  'tasks',
  'knowledge',
  'operations',
  'administration',
] as const satisfies readonly Scope[];
export type KeyScope = (typeof keyScopes)[number];

/** The scopes that a user of a role may give to a key. */
export function grantableKeyScopes(role: Role): readonly KeyScope[] {
  return keyScopes.filter((scope) => roleScopes[role].includes(scope));
}

/** What a key may do now: what it was made for, as far as its owner's role still allows it. */
export function effectiveKeyScopes(keyScopes: readonly string[], role: Role): ReadonlySet<Scope> {
  return new Set(grantableKeyScopes(role).filter((scope) => keyScopes.includes(scope)));
}
