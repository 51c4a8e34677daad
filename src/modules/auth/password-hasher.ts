import { randomBytes } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Algorithm, hash, type Options, verify } from '@node-rs/argon2';
import { appEnvironmentConfig, type ConfigOf } from '../../platform/config/index.js';
import { serviceUnavailable } from '../../platform/errors/index.js';
import { authConfig } from './auth.config.js';

/** OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, two passes, one lane. */
const STRONG: Options = {
  algorithm: 2 satisfies Algorithm.Argon2id,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
};
/** Tests make many users; their passwords guard nothing. */
const CHEAP: Options = { ...STRONG, memoryCost: 64, timeCost: 1 };

/** Hashes and checks passwords with Argon2id, a bounded number at a time. */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  private readonly options: Options;
  private unknownUserHash: string;
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    @Inject(authConfig.token) private readonly config: ConfigOf<typeof authConfig>,
    @Inject(appEnvironmentConfig.token) environment: ConfigOf<typeof appEnvironmentConfig>,
  ) {
    this.options = environment.nodeEnv === 'test' ? CHEAP : STRONG;
  }

  async onModuleInit(): Promise<void> {
    this.unknownUserHash = await this.hash(randomBytes(32).toString('base64'));
  }

  /** @throws service_unavailable if too many wait already. */
  hash(password: string): Promise<string> {
    return this.whenThereIsRoom(() => hash(normalize(password), this.options));
  }

  /**
   * Whether a password is the one of a hash. Without a hash (there is no such user) the answer is no, after
   * as much work as with one, so that the time tells nothing.
   * @throws service_unavailable if too many wait already.
   */
  async verify(passwordHash: string | undefined, password: string): Promise<boolean> {
    // Who was erased has none either.
    const isKnown = passwordHash !== undefined && passwordHash !== '';
    const isMatch = await this.whenThereIsRoom(() =>
      verify(isKnown ? passwordHash : this.unknownUserHash, normalize(password)),
    );
    return isMatch && isKnown;
  }

  private async whenThereIsRoom<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < this.config.passwordHashesAtOnce) this.running++;
    else await this.waitForRoom();
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }

  private waitForRoom(): Promise<void> {
    if (this.waiting.length >= this.config.passwordHashesWaiting) {
      throw serviceUnavailable({
        detail: 'Too many passwords are being checked at the moment. Try again shortly.',
        retryAfterSeconds: 1,
      });
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}

/** The same characters can be typed as different code points (NIST SP 800-63B, 5.1.1.2). */
function normalize(password: string): string {
  return password.normalize('NFKC');
}
