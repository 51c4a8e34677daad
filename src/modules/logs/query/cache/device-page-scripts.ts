import { RedisScript } from '../../../../platform/redis/index.js';

/**
 * A page is valid as long as the stamp it begins with is the present one of its device. The stamp has two parts, which
 * are never used again once they are gone: one of all devices, one of the device. Whoever finds one missing makes a new
 * one; to remove one is to make all pages invalid that bear it. So an evicted stamp does no harm, and neither does a
 * page that is filled in too late.
 */

/** Of pages: as the seed has it. */
const PAGE_TTL_SECONDS = 300;
/** Longer than a page's, so that no page outlives its stamp for nothing. */
const DEVICE_STAMP_TTL_SECONDS = 900;
const SHARED_STAMP_TTL_SECONDS = 86_400;

/** KEYS page, device stamp, shared stamp; ARGV a new stamp. Gives the stamp, and the page if there is a valid one. */
const lookScript = new RedisScript(`
  local function present(key, ttl)
    local stamp = redis.call('GET', key)
    if stamp then return stamp end
    redis.call('SET', key, ARGV[1], 'EX', ttl)
    return ARGV[1]
  end
  local stamp = present(KEYS[3], ${SHARED_STAMP_TTL_SECONDS}) .. '.' .. present(KEYS[2], ${DEVICE_STAMP_TTL_SECONDS})
  local page = redis.call('GET', KEYS[1])
  if page and string.sub(page, 1, #stamp + 1) == stamp .. '\\n' then
    return {stamp, string.sub(page, #stamp + 2)}
  end
  return {stamp}
`);

/** KEYS as above; ARGV stamp, page. Keeps the page if the stamp is still the present one. */
const fillScript = new RedisScript(`
  local shared, device = redis.call('GET', KEYS[3]), redis.call('GET', KEYS[2])
  if not shared or not device or shared .. '.' .. device ~= ARGV[1] then return 0 end
  redis.call('EXPIRE', KEYS[2], ${DEVICE_STAMP_TTL_SECONDS})
  redis.call('SET', KEYS[1], ARGV[1] .. '\\n' .. ARGV[2], 'EX', ${PAGE_TTL_SECONDS})
  return 1
`);

export const devicePageScripts = { look: lookScript, fill: fillScript };

/** With the version of what a page's text is: pages of another version are not valid. */
export const SHARED_STAMP_KEY = 'cache:logs-stamp:v2';
export const deviceStampKey = (deviceId: string) => `${SHARED_STAMP_KEY}:${deviceId}`;
export const devicePageKey = (deviceId: string, limit: number) => `cache:logs:${deviceId}:${limit}`;
