import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter as OtlpJsonExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as OtlpProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from '@opentelemetry/sdk-logs';
import { pino } from 'pino';
import { pinoLoki } from 'pino-loki';
import { createLogger } from 'winston';
import LokiTransport from 'winston-loki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestLogIntake } from '../factories/log-intake.js';
import { someDevice, type StoredLine } from '../factories/logs.js';
import { waitUntil } from '../factories/wait.js';

let intake: TestLogIntake;
let url: string;
beforeAll(async () => {
  intake = await TestLogIntake.create();
  await intake.logs.test.app.listen(0, '127.0.0.1');
  url = await intake.logs.test.app.getUrl();
});
afterAll(() => intake.close());

/** Waits until so many lines of a device are stored. */
async function storedOf(deviceId: string, count: number): Promise<StoredLine[]> {
  return waitUntil(`${count} lines of ${deviceId}`, async () => {
    const lines = await intake.storedOf(deviceId);
    return lines.length >= count && lines;
  });
}

const dataOf = (line: StoredLine | undefined) =>
  JSON.parse(line?.log_data ?? 'null') as Record<string, unknown>;

describe('the exporters of OpenTelemetry', () => {
  const settings = () => ({
    url: `${url}/v1/logs`,
    headers: { authorization: `Bearer ${intake.key}` },
  });
  const gzip = 'gzip' as never;

  it.each<[string, () => LogRecordExporter]>([
    ['JSON', () => new OtlpJsonExporter(settings())],
    ['JSON in gzip', () => new OtlpJsonExporter({ ...settings(), compression: gzip })],
    ['protobuf', () => new OtlpProtobufExporter(settings())],
    ['protobuf in gzip', () => new OtlpProtobufExporter({ ...settings(), compression: gzip })],
  ])('send %s', async (_, makeExporter) => {
    const deviceId = someDevice();
    const provider = new LoggerProvider({
      resource: resourceFromAttributes({ 'service.name': 'shop', 'service.instance.id': deviceId }),
      processors: [new BatchLogRecordProcessor({ exporter: makeExporter() })],
    });
    const logger = provider.getLogger('checkout', '1.2.3');
    const timestamp = Date.now() - 5_000;
    for (let index = 0; index < 100; index++) {
      logger.emit({
        timestamp,
        severityNumber: SeverityNumber.WARN,
        severityText: 'WARN',
        body: `line ${index}`,
        attributes: { index, ratio: 0.5, 'http.route': '/pay', tags: ['a', 'b'] },
      });
    }
    await provider.forceFlush();
    await provider.shutdown();
    const lines = await intake.storedOf(deviceId);
    expect(lines.map(({ message }) => message)).toEqual(
      Array.from({ length: 100 }, (_unused, index) => `line ${index}`),
    );
    expect(lines[7]).toMatchObject({ log_level: 'WARNING', created_at: new Date(timestamp) });
    expect(dataOf(lines[7])).toMatchObject({
      attributes: { index: 7, ratio: 0.5, 'http.route': '/pay', tags: ['a', 'b'] },
      resource: { 'service.name': 'shop', 'service.instance.id': deviceId },
      scope: { name: 'checkout', version: '1.2.3' },
    });
  });
});

it('pino-opentelemetry-transport sends what pino writes', async () => {
  const deviceId = someDevice();
  const transport = pino.transport({
    target: 'pino-opentelemetry-transport',
    options: {
      loggerName: 'test',
      serviceVersion: '1',
      resourceAttributes: { 'device.id': deviceId },
      logRecordProcessorOptions: {
        recordProcessorType: 'simple',
        exporterOptions: {
          protocol: 'http/protobuf',
          protobufExporterOptions: {
            url: `${url}/v1/logs`,
            headers: { authorization: `Bearer ${intake.key}` },
          },
        },
      },
    },
  });
  const logger = pino(transport);
  logger.error({ order: 7 }, 'It broke.');
  const [line] = await storedOf(deviceId, 1);
  expect(line).toMatchObject({ log_level: 'ERROR', message: 'It broke.' });
  expect(dataOf(line)['attributes']).toMatchObject({ order: 7 });
  transport.end();
});

describe('pino-loki', () => {
  it.each([
    ['with pino’s own times', undefined],
    ['with times as ISO text, which it sends as NaN', pino.stdTimeFunctions.isoTime],
  ])('sends what pino writes, %s', async (_, timestamp) => {
    const deviceId = someDevice();
    const transport = pinoLoki({
      host: url,
      basicAuth: { username: 'anybody', password: intake.key },
      labels: { device_id: deviceId },
      batching: { interval: 1 },
      silenceErrors: false,
    });
    const logger = pino(timestamp ? { timestamp } : {}, transport);
    logger.info({ order: 7 }, 'It works.');
    logger.error('It broke.');
    transport.end();
    const lines = await storedOf(deviceId, 2);
    expect(lines.map(({ log_level: level }) => level)).toEqual(['INFO', 'ERROR']);
    expect(lines[0]?.message).toContain('It works.');
    expect(Math.abs((lines[0]?.created_at.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
  });
});

describe('winston-loki', () => {
  it.each([
    ['protobuf', false],
    ['JSON', true],
  ])('sends %s, with quotes in its labels', async (_, json) => {
    const deviceId = someDevice();
    const errors: unknown[] = [];
    const transport = new LokiTransport({
      host: url,
      basicAuth: `anybody:${intake.key}`,
      labels: { app: deviceId, said: 'he said "no", twice' },
      json,
      batching: true,
      interval: 1,
      gracefulShutdown: false,
      onConnectionError: (error) => errors.push(error),
    });
    const logger = createLogger({ level: 'debug', transports: [transport] });
    logger.warn('It is hot.', { celsius: 99 });
    logger.debug('It is not.');
    const lines = await storedOf(deviceId, 2);
    expect(errors).toEqual([]);
    expect(lines.map(({ log_level: level }) => level).sort()).toEqual(['DEBUG', 'WARNING']);
    const hot = lines.find(({ log_level: level }) => level === 'WARNING');
    expect(hot?.message).toContain('It is hot.');
    expect(dataOf(hot)['labels']).toMatchObject({ said: 'he said "no", twice' });
    await transport.flush();
    logger.close();
  });
});
