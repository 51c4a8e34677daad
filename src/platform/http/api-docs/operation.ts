import type { OpenAPIObject } from '@nestjs/swagger';
import type { REQUIRED_SCOPE_EXTENSION } from '../access.js';

type PathItem = OpenAPIObject['paths'][string];

/** One operation of the document, with the extension that `@Public` and `@RequireScope` put on it. */
export type Operation = NonNullable<PathItem['get']> & { [REQUIRED_SCOPE_EXTENSION]?: string | null };
