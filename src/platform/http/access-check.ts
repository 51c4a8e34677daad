import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { ACCESS_POLICY } from './access.js';

/** Refuses to boot if a route does not say who may call it, so that nobody is let in by forgetting. */
@Injectable()
export class AccessCheck implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  onModuleInit(): void {
    const undeclared = this.discovery.getControllers().flatMap((wrapper) => {
      const controller = wrapper.metatype;
      if (typeof controller !== 'function') return [];
      const prototype = controller.prototype as Record<string, unknown>;
      return this.scanner
        .getAllMethodNames(prototype)
        .map((name) => prototype[name])
        .filter((method): method is () => unknown => typeof method === 'function')
        .filter((method) => Reflect.hasMetadata(PATH_METADATA, method))
        .filter((method) => !this.reflector.getAllAndOverride(ACCESS_POLICY, [method, controller]))
        .map((method) => `${controller.name}.${method.name}`);
    });
    if (undeclared.length > 0) {
      throw new Error(
        `These routes do not declare who may call them (@Public or @RequireScope): ${undeclared.join(', ')}`,
      );
    }
  }
}
