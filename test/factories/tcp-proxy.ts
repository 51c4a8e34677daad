import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a real server that can be cut and restored, as if the server went away and came back. */
export interface TcpProxy {
  /** The server's address by way of the proxy. */
  url: string;
  cut(): Promise<void>;
  restore(): Promise<void>;
  /** Lets requests through and holds back the answers, as if the server were too slow. */
  mute(): void;
  unmute(): void;
}

/** Puts a proxy in front of the server that an address such as `redis://127.0.0.1:6379/3` names. */
export async function createTcpProxy(targetUrl: string): Promise<TcpProxy> {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  const listeners = new Set<{ listen(): void; ignore(): void }>();
  let isMuted = false;
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    track(client);
    track(upstream);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.pipe(upstream);
    const listener = { listen: () => upstream.pipe(client), ignore: () => upstream.unpipe(client).pause() };
    listeners.add(listener);
    client.on('close', () => listeners.delete(listener));
    if (!isMuted) listener.listen();
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = new URL(targetUrl);
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.toString(),
    cut: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    restore: () => listen(port),
    mute: () => {
      isMuted = true;
      for (const listener of listeners) listener.ignore();
    },
    unmute: () => {
      // A second pipe would send every answer twice.
      if (!isMuted) return;
      isMuted = false;
      for (const listener of listeners) listener.listen();
    },
  };
}
