import { AsyncLocalStorage } from 'node:async_hooks';

/** What every log line written within a request or a job carries, in snake_case as in the line. */
export interface LogFields {
  request_id?: string;
  trace_id?: string;
  job_id?: string;
  job_name?: string;
  task_id?: string;
  task_name?: string;
  turn_id?: string;
  conversation_id?: string;
}

const storage = new AsyncLocalStorage<LogFields>();

/** Runs `body`, and all that it starts, with these fields on every log line, on top of those in force. */
export function withLogFields<T>(fields: LogFields, body: () => T): T {
  return storage.run({ ...storage.getStore(), ...fields }, body);
}

/** The fields in force here. */
export function currentLogFields(): LogFields {
  return storage.getStore() ?? {};
}
