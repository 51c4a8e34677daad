/** A refusal or failure of the API, as its problem document (RFC 9457) tells it, or of the way there. */
export class ProblemError extends Error {
  /** The HTTP status; 0 if no answer came. */
  readonly status: number;
  /** The stable code; `network_error` if no answer came. */
  readonly code: string;
  /** The sentence that is the same for each occurrence. */
  readonly title: string;
  /** What happened this time, if there is more to say. */
  readonly detail: string | undefined;
  /** What to look for in the logs. */
  readonly errorId: string | undefined;
  /** The field at fault. */
  readonly param: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds: number | undefined;

  constructor(facts: ProblemFacts) {
    super(facts.detail ?? facts.title, { cause: facts.cause });
    this.name = 'ProblemError';
    this.status = facts.status;
    this.code = facts.code;
    this.title = facts.title;
    this.detail = facts.detail;
    this.errorId = facts.errorId;
    this.param = facts.param;
    this.details = facts.details ?? {};
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }

  /** Whether the same call may succeed later without a change. */
  get isRetryable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }
}

interface ProblemFacts {
  status: number;
  code: string;
  title: string;
  detail?: string | undefined;
  errorId?: string | undefined;
  param?: string | undefined;
  details?: Record<string, unknown> | undefined;
  retryAfterSeconds?: number | undefined;
  cause?: unknown;
}

/** Reads what an answer that is no success says; also from one that is no problem document, such as a proxy's. */
export async function readProblem(response: Response): Promise<ProblemError> {
  const body = await readObject(response);
  // Below /v1 errors have the shape of OpenAI.
  const told = isRecord(body['error']) ? body['error'] : body;
  const text = (name: string) => (typeof told[name] === 'string' ? told[name] : undefined);
  const detail = text('detail') ?? text('message');
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ProblemError({
    status: response.status,
    code: text('code') ?? `http_${response.status}`,
    title: text('title') ?? detail ?? `HTTP ${response.status}`,
    detail,
    errorId: text('error_id') ?? response.headers.get('x-request-id') ?? undefined,
    param: text('param'),
    details: isRecord(told['details']) ? told['details'] : undefined,
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
  });
}

/** That no answer came: the server is away, or the network is. */
export function networkProblem(cause: unknown): ProblemError {
  return new ProblemError({
    status: 0,
    code: 'network_error',
    title: 'The server did not answer.',
    detail: cause instanceof Error ? cause.message : undefined,
    cause,
  });
}

/** Anything that was thrown, as a problem that can be shown. */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new ProblemError({ status: 0, code: 'console_error', title: detail, cause: error });
}

async function readObject(response: Response): Promise<Record<string, unknown>> {
  try {
    const body: unknown = await response.json();
    return isRecord(body) ? body : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
