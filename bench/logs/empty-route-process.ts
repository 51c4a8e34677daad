/** A Fastify with one route that does nothing with what it is sent: started by measure-accept.ts. */
import { once } from 'node:events';
import { fastify } from 'fastify';

/** As long as the answer of `POST /api/log`. */
const ANSWER = {
  status: 'received',
  message_id: '0197c5a2-9a10-7c22-9b4d-63a2f7e8d901',
  received_at: '2027-01-31T11:59:58.123Z',
  receipt_id: '0197c5a2-9a10-7c22-9b4d-63a2f7e8d901',
  fate: 'queued',
};

await once(process, 'message');
const server = fastify();
server.post('/api/log', () => Promise.resolve(ANSWER));
process.send?.(await server.listen({ host: '127.0.0.1', port: 0 }));
