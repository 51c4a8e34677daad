import type { FastifyInstance } from 'fastify';
import { isDeeperThan } from '../../shared/nesting.js';
import { malformedRequest } from '../errors/index.js';

const MAX_LEVELS = 64;

/** Refuses bodies that are nested deeper than anything needs: writing such a value as JSON overflows the stack. */
export function installNestingLimit(fastify: FastifyInstance): void {
  fastify.addHook('preValidation', (request, _reply, done) => {
    if (!isDeeperThan(MAX_LEVELS, request.body)) return done();
    done(malformedRequest({ detail: `The body is nested more than ${MAX_LEVELS} levels deep.` }));
  });
}
