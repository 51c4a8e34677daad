import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findBinaries, type Service, startRedis } from '../../scripts/lib/services.mjs';

/** A Redis of a test's own, that can be frozen, filled, killed, and started again with the same data. */
export class OwnRedis {
  private constructor(
    private readonly directory: string,
    private readonly appendfsync: 'everysec' | 'always',
    private service: Service,
  ) {}

  /**
   * With `everysec`, what it has answered for in its last moments is lost with its process if the disk was busy; with
   * `always` nothing is.
   */
  static async start(appendfsync: 'everysec' | 'always' = 'everysec'): Promise<OwnRedis> {
    const directory = await mkdtemp(join(process.env['TEST_RUN_DIRECTORY'] ?? tmpdir(), 'own-redis-'));
    return new OwnRedis(directory, appendfsync, await launch(directory, appendfsync));
  }

  get url(): string {
    return `redis://127.0.0.1:${this.service.port}/0`;
  }

  /** It takes connections and commands, and answers nothing (SIGSTOP). */
  freeze(): void {
    this.service.process.kill('SIGSTOP');
  }

  thaw(): void {
    this.service.process.kill('SIGCONT');
  }

  /** From now on it refuses writes for want of memory. */
  async fill(): Promise<void> {
    await this.ask((client) => client.config('SET', 'maxmemory', '1'));
  }

  /** From now on it refuses writes when it has so many bytes more than now. */
  async leaveRoom(bytes: number): Promise<void> {
    await this.ask(async (client) => {
      const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
      await client.config('SET', 'maxmemory', String(used + bytes));
    });
  }

  async makeRoom(): Promise<void> {
    await this.ask((client) => client.config('SET', 'maxmemory', '0'));
  }

  /** It refuses writes, as the replica of a master that it does not find. */
  async demote(): Promise<void> {
    await this.ask((client) => client.replicaof('127.0.0.1', 1));
  }

  async promote(): Promise<void> {
    await this.ask((client) => client.replicaof('NO', 'ONE'));
  }

  /** `kill -9`, and waits for the end. */
  async kill(): Promise<void> {
    this.service.kill();
    await this.service.exited;
  }

  /** Starts it on the same data and port. */
  async startAgain(): Promise<void> {
    this.service = await launch(this.directory, this.appendfsync, this.service.port);
  }

  /** Starts it on the same port, with nothing of what it had. */
  async startEmpty(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
    await mkdir(this.directory, { mode: 0o700 });
    await this.startAgain();
  }

  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  private async ask(command: (client: Redis) => Promise<unknown>): Promise<void> {
    const client = new Redis(this.url, { enableReadyCheck: false });
    await command(client);
    client.disconnect();
  }
}

function launch(directory: string, appendfsync: 'everysec' | 'always', port?: number): Promise<Service> {
  return startRedis({
    binaries: findBinaries(),
    directory,
    ...(port === undefined ? {} : { port, isPortFixed: true }),
    isDurable: true,
    appendfsync,
  });
}
