import type { OpenAPIObject } from '@nestjs/swagger';
import type { REQUIRED_SCOPE_EXTENSION } from '../access.js';
import type { ErrorShapeName } from '../error-shape.js';
import type { ERROR_SHAPE_EXTENSION } from '../route-options.js';

type PathItem = OpenAPIObject['paths'][string];

/** One operation of the document, with the extensions that our decorators put on it. */
export type Operation = NonNullable<PathItem['get']> & {
  [REQUIRED_SCOPE_EXTENSION]?: string | null;
  [ERROR_SHAPE_EXTENSION]?: ErrorShapeName;
};
