import { randomUUID } from 'node:crypto';
import { Transactions } from '../../src/platform/database/index.js';
import type { TestApp } from './test-app.js';
import { bearer, createUser, type TestUser } from './users.js';

export interface OperatorCall {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | undefined;
  url: string;
  payload?: object | undefined;
  headers?: Record<string, string> | undefined;
  /** Other than the operator's; an empty text for none. */
  token?: string;
}

/** An audited event, as its row has it. */
export interface AuditedEvent {
  actor_kind: string;
  actor_id: string;
  action: string;
  subject_kind: string;
  subject_id: string;
  detail: string;
  reason: string | null;
}

/** What an operator asks of the API, and what of it is in the audit log. */
export class TestOperator {
  private constructor(
    private readonly test: TestApp,
    readonly user: TestUser,
  ) {}

  static async create(test: TestApp, role: 'operator' | 'admin' = 'operator'): Promise<TestOperator> {
    return new TestOperator(test, await createUser(test, { role }));
  }

  /** `audited` is what the call left in the audit log. */
  async call({ method = 'GET', url, payload, headers, token = this.user.apiKey }: OperatorCall) {
    const requestId = `test-${randomUUID()}`;
    const answer = await this.test.app.inject({
      method,
      url,
      headers: { ...headers, 'x-request-id': requestId, ...(token && bearer(token)) },
      ...(payload && { payload }),
    });
    const isJson = /json/.test(String(answer.headers['content-type']));
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: isJson ? answer.json() : answer.body,
      audited: await this.auditedBy(requestId),
    };
  }

  private async auditedBy(requestId: string): Promise<AuditedEvent[]> {
    return this.test.app.get(Transactions).single.query(
      `SELECT actor_kind, actor_id, action, subject_kind, subject_id, detail, reason FROM audit_log
         WHERE request_id = ? ORDER BY id`,
      [requestId],
    );
  }
}
