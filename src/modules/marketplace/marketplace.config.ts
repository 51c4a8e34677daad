import { defineConfig, read, variable } from '../../platform/config/index.js';

export const marketplaceConfig = defineConfig('marketplace', {
  maxPosted: variable({
    env: 'LOCKKEEPER_MARKETPLACE_MAX_POSTED',
    description: 'How many tasks of the marketplace one user may have posted that have not ended.',
    schema: read.integer(20, { min: 1, max: 10_000 }),
    example: '20',
  }),
  maxAccepted: variable({
    env: 'LOCKKEEPER_MARKETPLACE_MAX_ACCEPTED',
    description: 'How many tasks one expert may have accepted and not delivered.',
    schema: read.integer(10, { min: 1, max: 10_000 }),
    example: '10',
  }),
  maxDeadlineDays: variable({
    env: 'LOCKKEEPER_MARKETPLACE_MAX_DEADLINE_DAYS',
    description: 'How far in the future the deadline of a task may lie, in days.',
    schema: read.integer(90, { min: 1, max: 180 }),
    example: '90',
  }),
  deliveryGraceHours: variable({
    env: 'LOCKKEEPER_MARKETPLACE_DELIVERY_GRACE_HOURS',
    description:
      'How long after its deadline an accepted task can still be delivered, in hours. Then it is cancelled.',
    schema: read.integer(24, { min: 0, max: 720 }),
    example: '24',
  }),
  autoConfirmHours: variable({
    env: 'LOCKKEEPER_MARKETPLACE_AUTO_CONFIRM_HOURS',
    description: 'After how many hours without an answer of its poster a delivered task is confirmed.',
    schema: read.integer(72, { min: 1, max: 720 }),
    example: '72',
  }),
});
