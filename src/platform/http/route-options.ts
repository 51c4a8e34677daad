import { applyDecorators } from '@nestjs/common';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { ErrorShapeName } from './error-shape.js';

/** What a route does otherwise than most. */
export interface RouteOptions {
  /**
   * The body may be far larger than others (`LOCKKEEPER_LOGS_BODY_LIMIT_BYTES`), of any content type, and is not
   * read before the handler asks for it with `@BulkBody()`: who may not call makes us read nothing.
   */
  readonly hasBulkBody?: boolean;
  /** The body is a form, which is not read before the handler asks for its parts with `@Form()`. */
  readonly hasForm?: boolean;
  /** It is called thousands of times a second: the access log has only what failed or was slow. */
  readonly isFrequent?: boolean;
  /** The shape of the route's errors, if it is not that of its path. */
  readonly errorShape?: ErrorShapeName;
}

/** Fastify has a type of the same name. */
type OwnRouteOptions = RouteOptions;

declare module 'fastify' {
  // eslint-disable-next-line
  interface FastifyContextConfig extends OwnRouteOptions {}
}

/** How `/openapi.json` is told the shape of an operation's errors. */
export const ERROR_SHAPE_EXTENSION = 'x-error-shape';

/** Gives a route options of its own. */
export function HttpRoute(options: RouteOptions): MethodDecorator {
  return applyDecorators(
    (_target: object, _key: string | symbol, { value }: PropertyDescriptor) =>
      addRouteConfig(value as object, { ...options }),
    ...(options.errorShape ? [ApiExtension(ERROR_SHAPE_EXTENSION, options.errorShape)] : []),
  );
}

/** Adds to what Fastify keeps with the route of a controller's method. */
export function addRouteConfig(method: object, config: object): void {
  const present = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, method) as object | undefined;
  Reflect.defineMetadata(FASTIFY_ROUTE_CONFIG_METADATA, { ...present, ...config }, method);
}

/** The options of the route that a request was for: none if there is no such route. */
export function routeOptionsOf(request: FastifyRequest): RouteOptions {
  return request.routeOptions.config ?? {};
}
