import { type LoggerService, type LogLevel } from '@nestjs/common';
import { type Logger as PinoLogger, pino } from 'pino';
import { errorFields } from './error-fields.js';
import { currentLogFields } from './log-context.js';
import { CENSORED, SECRET_NAMES } from './redaction.js';

/** Values that must never be written, wherever an object with them is logged. */
const REDACTED_PATHS = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** The process's logger: one JSON object a line on standard output. */
export function createPinoLogger(level: string, role: string): PinoLogger {
  return pino({
    level,
    base: { role, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: errorFields },
    redact: { paths: REDACTED_PATHS, censor: CENSORED },
    // A copy: pino adds the fields of the line to it.
    mixin: () => ({ ...currentLogFields() }),
  });
}

type PinoLevel = 'info' | 'error' | 'warn' | 'debug' | 'trace' | 'fatal';

/**
 * Nest's logger interface over pino. `new Logger('Saves').log('saved', { turns: 3 })` writes the fields of
 * the object beside the message; an `Error` among the parameters is written with its stack.
 */
export class NestPinoLogger implements LoggerService {
  constructor(private readonly pinoLogger: PinoLogger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  setLogLevels(_levels: LogLevel[]): void {
    // The level is the configuration's, for the whole process; Nest may not change it.
  }

  private write(level: PinoLevel, message: unknown, rest: readonly unknown[]): void {
    const line = logLine(message, rest);
    // Nest tells of every route and module at start: of interest only when looking for trouble.
    const isFrameworkChatter = level === 'info' && frameworkContexts.has(line.fields['context'] as string);
    this.pinoLogger[isFrameworkChatter ? 'debug' : level](line.fields, line.text);
  }
}

const frameworkContexts = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

function logLine(
  message: unknown,
  rest: readonly unknown[],
): { fields: Record<string, unknown>; text: string } {
  const fields: Record<string, unknown> = {};
  const last = rest.at(-1);
  if (typeof last === 'string') fields['context'] = last;
  for (const part of rest) {
    if (part instanceof Error) fields['err'] = part;
    else if (typeof part === 'object' && part !== null) Object.assign(fields, part);
  }
  // Nest itself reports errors as (message, stack, context).
  if (rest.length > 1 && typeof rest[0] === 'string') fields['stack'] = rest[0];
  if (message instanceof Error) return { fields: { ...fields, err: message }, text: message.message };
  if (typeof message === 'object' && message !== null) return { fields: { ...fields, ...message }, text: '' };
  return { fields, text: String(message) };
}
