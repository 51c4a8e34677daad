import { defineError } from '../../platform/errors/index.js';

export const tooManyLiveStreams = defineError({
  code: 'too_many_live_streams',
  kind: 'rate_limited',
  title: 'Too many clients follow the overview through this process.',
});
