import type { Server as HttpServer } from 'node:http';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { createAdapter } from '@socket.io/redis-streams-adapter';
import { type Namespace, Server, type Socket } from 'socket.io';
import { newId } from '../../shared/ids.js';
import type { ConfigOf } from '../config/index.js';
import { RedisBreaker, type RedisClient, RedisConnections } from '../redis/index.js';
import { limitEvents } from './event-allowance.js';
import { websocketConfig } from './websocket.config.js';

export type { Namespace, Socket } from 'socket.io';

const STREAM = 'lockkeeper:sockets';
const STREAM_MAX_EVENTS = 10_000;
/** What is told from process to process holds what people write: it is kept only for as long as it takes to be read. */
const EVENT_KEPT_MS = 30_000;
const TRIM_INTERVAL_MS = 10_000;
const READ_BLOCK_MS = 1_000;

const MAX_EVENT_BYTES = 64 * 1024;
/** Who has joined no namespace after this long is let go. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Whom an event is for. */
export interface Audience {
  readonly rooms: readonly string[];
  /** The connection that it comes from, which need not hear of it. */
  readonly exceptSocketId?: string;
}

/**
 * The socket.io server of this process. A worker has one, too, with no connections of its own, by which it reaches
 * those of the API processes.
 *
 * Events go to the connections of this process at once, and to those of others through a Redis stream. Nothing relies
 * on the latter: whatever must not be missed is in the database. When Redis has been away, everybody connected here is
 * told by the event `resync` to read what may have been missed.
 */
@Injectable()
export class SocketHub implements BeforeApplicationShutdown {
  readonly server: Server;
  private readonly stream: RedisClient;
  /** Every connection of this process is in it, so that what was told here is not told here again. */
  private readonly ownRoom = `process:${newId()}`;
  private readonly namespaces = new Set<Namespace>();
  private readonly trimming: NodeJS.Timeout;
  private isStopping = false;

  constructor(
    connections: RedisConnections,
    private readonly breaker: RedisBreaker,
    @Inject(websocketConfig.token) private readonly config: ConfigOf<typeof websocketConfig>,
  ) {
    this.stream = openStream(connections);
    this.server = new Server({
      adapter: createAdapter(this.stream, {
        streamName: STREAM,
        channelPrefix: STREAM,
        maxLen: STREAM_MAX_EVENTS,
        blockTimeInMs: READ_BLOCK_MS,
        onlyPlaintext: true,
      }),
      serveClient: false,
      maxHttpBufferSize: MAX_EVENT_BYTES,
      connectTimeout: CONNECT_TIMEOUT_MS,
      allowRequest: (_request, decide) => this.admit(decide),
    });
    this.server.on('new_namespace', (namespace) => this.welcome(namespace));
    breaker.onChange((isOpen) => {
      if (!isOpen) for (const namespace of this.namespaces) namespace.local.emit('resync', {});
    });
    this.trimming = setInterval(() => this.trim(), TRIM_INTERVAL_MS).unref();
  }

  /** Takes connections on this server from now on. */
  attach(httpServer: HttpServer): Server {
    return this.server.attach(httpServer);
  }

  /** Tells an event in a namespace. Never fails, and waits for nobody. */
  emit(namespace: string, { rooms, exceptSocketId }: Audience, event: string, payload: object): void {
    const target = this.server.of(namespace);
    const except = exceptSocketId === undefined ? [] : [exceptSocketId];
    target.local
      .to([...rooms])
      .except(except)
      .emit(event, payload);
    // A process without Redis would gather events for as long as it is away.
    if (this.breaker.isOpen) return;
    target
      .to([...rooms])
      .except([...except, this.ownRoom])
      .emit(event, payload);
  }

  /**
   * Lets go of all connections and takes no more. To clients it is a lost connection: they connect again, to another
   * process, and what was not acknowledged is sent again.
   */
  closeConnections(): void {
    this.isStopping = true;
    this.engine?.close();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.closeConnections();
    clearInterval(this.trimming);
    // This ends the reading of the stream, before its connection is closed.
    for (const namespace of [this.server.of('/'), ...this.namespaces]) await namespace.adapter.close();
  }

  /** Undefined while no HTTP server is attached. */
  private get engine(): Server['engine'] | undefined {
    return this.server.engine;
  }

  /** More get as far as this than may stay, so that most of those who are refused can be told why. */
  private admit(decide: (reason: string | null, isAdmitted: boolean) => void): void {
    if (this.isStopping) return decide('service_unavailable', false);
    const connections = this.engine?.clientsCount ?? 0;
    if (connections >= 2 * this.config.maxConnections) return decide('too_many_connections', false);
    decide(null, true);
  }

  private welcome(namespace: Namespace): void {
    this.namespaces.add(namespace);
    namespace.on('connection', (socket: Socket) => {
      void socket.join(this.ownRoom);
      limitEvents(socket);
    });
  }

  private trim(): void {
    if (this.breaker.isOpen) return;
    const oldest = String(Date.now() - EVENT_KEPT_MS);
    // The next time will do.
    this.stream.xtrim(STREAM, 'MINID', oldest).catch(() => undefined);
  }
}

/** A connection that waits for Redis; so do those that the adapter makes of it to read. */
function openStream(connections: RedisConnections): RedisClient {
  const client = connections.openWaiting('sockets');
  client.duplicate = () => {
    const copy = connections.openWaiting('sockets');
    const subscribe = copy.subscribe.bind(copy);
    // The adapter does not wait for its subscription, and hears nothing of a process that stops before it is made.
    copy.subscribe = ((...channels: string[]) =>
      subscribe(...channels).catch(() => undefined)) as typeof copy.subscribe;
    return copy;
  };
  return client;
}
