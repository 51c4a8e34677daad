/**
 * A load generator on raw sockets: started by load.ts, which sends it its task. It shares the machine with what it
 * measures, so it does as little as it can: requests are written as they were prepared, of answers only the status and
 * the length are read. Each connection has one request under way.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { LoadReport, LoadTask } from './load.ts';

const READ_BUFFER_BYTES = 64 * 1024;
const TICK_MS = 1;
const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: (\d+)/i;

/** One connection and the answer that it waits for. */
class Connection {
  private readonly socket: Socket;
  private readonly answered: (connection: Connection, status: number) => void;
  private head: Buffer | undefined;
  private status = 0;
  private missingBytes = 0;
  sentAt = 0;

  constructor(url: string, answered: (connection: Connection, status: number) => void) {
    const { hostname, port } = new URL(url);
    this.answered = answered;
    this.socket = connect({
      host: hostname,
      port: Number(port),
      noDelay: true,
      onread: {
        buffer: Buffer.alloc(READ_BUFFER_BYTES),
        callback: (length, bytes) => {
          this.read(bytes as Buffer, length);
          return true;
        },
      },
    });
    this.socket.on('close', () => {
      if (!isOver) throw new Error('A connection was closed.');
    });
  }

  opened(): Promise<unknown> {
    return once(this.socket, 'connect');
  }

  /** @param since from when its answer is waited for */
  send(request: Uint8Array, since: number): void {
    this.sentAt = since;
    this.socket.write(request);
  }

  close(): void {
    this.socket.destroy();
  }

  private read(bytes: Buffer, length: number): void {
    if (this.missingBytes > 0) this.missingBytes -= length;
    else if (!this.readHead(bytes, length)) return;
    if (this.missingBytes <= 0) this.answered(this, this.status);
  }

  /** @returns false if the head has not come whole. */
  private readHead(bytes: Buffer, length: number): boolean {
    const head = this.head
      ? Buffer.concat([this.head, bytes.subarray(0, length)])
      : bytes.subarray(0, length);
    const end = head.indexOf(HEAD_END);
    if (end < 0) {
      this.head = Buffer.from(head);
      return false;
    }
    this.head = undefined;
    const text = head.toString('latin1', 0, end);
    this.status = Number(text.slice(9, 12));
    const bodyLength = LENGTH.exec(text)?.[1];
    if (bodyLength === undefined) throw new Error(`An answer without a length: ${text}`);
    this.missingBytes = Number(bodyLength) - (head.length - end - HEAD_END.length);
    return true;
  }
}

const [task] = (await once(process, 'message')) as [LoadTask];
const requests = task.requests.map((request) => Buffer.from(request));
const report = { answered: 0, refused: new Map<number, number>() };
const latencies: number[] = [];
const idle: Connection[] = [];
let isOver = false;
let isPaused = false;
let sent = 0;
let underWay = 0;
let countFrom = Infinity;
let until = Infinity;
let lastAt = 0;

const connections = Array.from(
  { length: task.connections },
  (_, index) => new Connection(task.urls[index % task.urls.length] ?? '', noteAnswer),
);
await Promise.all(connections.map((connection) => connection.opened()));
process.on('message', (message) => {
  if (message === 'go') start();
  else if (message === 'pause') isPaused = true;
  else if (message === 'resume') resume();
  else if (message === 'stop') until = 0;
});
process.send?.('ready');

function start(): void {
  const startedAt = performance.now();
  countFrom = startedAt + task.warmUpSeconds * 1000;
  until = countFrom + task.seconds * 1000;
  idle.push(...connections);
  if (task.requestsPerSecond === undefined) resume();
  else sendAtRate(startedAt, task.requestsPerSecond);
  const watching = setInterval(() => {
    if (underWay > 0 || !hasEnded()) return;
    clearInterval(watching);
    finish();
  }, TICK_MS);
}

function hasEnded(): boolean {
  return performance.now() >= until || sent >= (task.maxRequests ?? Infinity);
}

/** Every connection sends again as soon as it was answered. */
function resume(): void {
  isPaused = false;
  for (const connection of idle.splice(0)) sendNext(connection);
}

function sendNext(connection: Connection): void {
  if (isPaused || hasEnded()) return void idle.push(connection);
  send(connection, performance.now());
}

function send(connection: Connection, since: number): void {
  underWay++;
  connection.send(requests[sent++ % requests.length] as Buffer, since);
}

/** Requests that are due while no connection is free wait for one, and their time counts. */
const due: number[] = [];
let offered = 0;

function sendAtRate(startedAt: number, perSecond: number): void {
  const ticking = setInterval(() => {
    const now = performance.now();
    if (now >= until) {
      due.length = 0;
      return clearInterval(ticking);
    }
    for (let dueAt = startedAt + (offered * 1000) / perSecond; dueAt <= now;) {
      due.push(dueAt);
      dueAt = startedAt + (++offered * 1000) / perSecond;
    }
    // In turn: the API cuts off a connection on which no request comes.
    while (due.length > 0 && idle.length > 0) send(idle.shift() as Connection, due.shift() as number);
  }, TICK_MS);
}

function noteAnswer(connection: Connection, status: number): void {
  const now = performance.now();
  underWay--;
  if (status < 200 || status > 299) report.refused.set(status, (report.refused.get(status) ?? 0) + 1);
  else {
    report.answered++;
    if (now >= countFrom) {
      latencies.push(now - connection.sentAt);
      lastAt = now;
    }
  }
  if (task.requestsPerSecond === undefined) sendNext(connection);
  else if (due.length > 0) send(connection, due.shift() as number);
  else idle.push(connection);
}

function finish(): void {
  isOver = true;
  for (const connection of connections) connection.close();
  const answer: LoadReport = {
    ...report,
    latenciesMs: Float64Array.from(latencies),
    seconds: (lastAt - countFrom) / 1000,
  };
  process.send?.(answer, () => process.disconnect());
}
