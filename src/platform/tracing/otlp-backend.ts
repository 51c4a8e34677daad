import { hostname } from 'node:os';
import {
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { OpenSpan, SpanDescription, TraceBackend } from './trace-backend.js';

/** Spans that wait to be sent; what comes beyond is dropped. */
const MAX_WAITING_SPANS = 4_096;
const BATCH_SPANS = 512;
const SEND_INTERVAL_MS = 2_000;
const SEND_TIMEOUT_MS = 5_000;
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

const kinds = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL };

/** How to reach the collector, and what to say of this process. */
export interface OtlpSettings {
  readonly url: string;
  readonly ratio: number;
  readonly role: string;
  readonly version: string;
}

/** Records traces with the SDK of OpenTelemetry and sends them as OTLP. What cannot be sent is dropped. */
export class OtlpBackend implements TraceBackend {
  private readonly provider: TracerProvider;
  private readonly tracer: Tracer;

  constructor({ url, ratio, role, version }: OtlpSettings) {
    const sampler = new TraceIdRatioBasedSampler(ratio);
    this.provider = new TracerProvider({
      resource: resourceFromAttributes({
        'service.name': `lockkeeper-${role}`,
        'service.version': version,
        'host.name': hostname(),
        'process.pid': process.pid,
      }),
      // A caller who has everything recorded must not make us do so, too: the ratio is for all, by the trace's id.
      sampler: new ParentBasedSampler({ root: sampler, remoteParentSampled: sampler }),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: new OTLPTraceExporter({ url, timeoutMillis: SEND_TIMEOUT_MS, concurrencyLimit: 1 }),
          maxQueueSize: MAX_WAITING_SPANS,
          maxExportBatchSize: BATCH_SPANS,
          scheduledDelayMillis: SEND_INTERVAL_MS,
          exportTimeoutMillis: SEND_TIMEOUT_MS,
        }),
      ],
    });
    this.tracer = this.provider.getTracer('lockkeeper', version);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  }

  open({ name, kind, parent, attributes }: SpanDescription): OpenSpan {
    const within = remoteContext(parent) ?? (kind === 'internal' ? context.active() : ROOT_CONTEXT);
    const span = this.tracer.startSpan(name, { kind: kinds[kind], attributes: { ...attributes } }, within);
    return new OtlpSpan(span, trace.setSpan(within, span));
  }

  traceparent(): string | undefined {
    const spanContext = trace.getSpan(context.active())?.spanContext();
    if (!spanContext) return undefined;
    const flags = spanContext.traceFlags.toString(16).padStart(2, '0');
    return `00-${spanContext.traceId}-${spanContext.spanId}-${flags}`;
  }

  /** Sends what waits. It may take as long as a try to send. */
  async stop(): Promise<void> {
    await this.provider.shutdown();
  }
}

class OtlpSpan implements OpenSpan {
  constructor(
    private readonly span: Span,
    private readonly within: Context,
  ) {}

  get traceId(): string {
    return this.span.spanContext().traceId;
  }

  enter<T>(body: () => T): T {
    return context.with(this.within, body);
  }

  setAttribute(name: string, value: string | number): void {
    this.span.setAttribute(name, value);
  }

  end(failure?: string): void {
    if (failure !== undefined) this.span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
    this.span.end();
  }
}

function remoteContext(traceparent: string | undefined): Context | undefined {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  if (!match) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = match;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
  });
}
