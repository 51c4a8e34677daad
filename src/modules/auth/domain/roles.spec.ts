import { describe, expect, it } from 'vitest';
import { scopes } from '../../../platform/http/index.js';
import { effectiveKeyScopes, grantableKeyScopes, keyScopes, roleScopes } from './roles.js';

describe('roles', () => {
  it('gives the administrator every scope there is', () => {
    expect([...roleScopes.admin].sort()).toEqual([...scopes].sort());
  });

  it('lets keys have every scope but account', () => {
    expect([...keyScopes, 'account'].sort()).toEqual([...scopes].sort());
  });

  it('keeps reading logs, operations and administration from users', () => {
    expect(grantableKeyScopes('user')).toEqual([
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
    ]);
  });

  it('lets agents answer support chats, and users open them', () => {
    expect(roleScopes.user).not.toContain('support:answer');
    expect(roleScopes.agent).toEqual(expect.arrayContaining([...roleScopes.user, 'support:answer']));
    expect(roleScopes.agent).not.toContain('operations');
  });

  it('takes from a key what its owner may no longer do', () => {
    expect([...effectiveKeyScopes(['chat', 'administration'], 'user')]).toEqual(['chat']);
  });

  it('never gives a key what it was not made for', () => {
    expect([...effectiveKeyScopes(['chat', 'account', 'nonsense'], 'admin')]).toEqual(['chat']);
  });
});
