import { RedisScript } from '../../platform/redis/index.js';

/**
 * What a user's agents remember, all in one slot of a cluster. A value is a hash (`value`, `version`, `expires`) that
 * Redis lets expire. Beside it stand the names in the order of their bytes, by when they expire, how large each is, and
 * how large all are: they say what there is, and go when the last value does.
 */
export const memoryKeys = {
  value: (userId: string, name: string) => `aam:memory:{${userId}}:${name}`,
  indexes: (userId: string) => [
    `aam:names:{${userId}}`,
    `aam:expiry:{${userId}}`,
    `aam:sizes:{${userId}}`,
    `aam:total:{${userId}}`,
  ],
  done: (userId: string, idempotencyKey: string) => `aam:done:{${userId}}:${idempotencyKey}`,
};

/** For as long a change is known by its idempotency key. */
const DONE_TTL_SECONDS = 600;

/** Takes out of the indexes what has expired. KEYS names, expiry, sizes, total. */
const PRELUDE = `
  local names, expiry, sizes, total = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local function forget(name)
    local bytes = redis.call('HGET', sizes, name)
    if not bytes then return end
    redis.call('ZREM', names, name)
    redis.call('ZREM', expiry, name)
    redis.call('HDEL', sizes, name)
    redis.call('DECRBY', total, bytes)
  end
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', expiry, '-inf', now, 'LIMIT', 0, 1000)) do forget(name) end
`;

/**
 * KEYS as above, value, done; ARGV name, operation (`put`, `append`, `add`), its text, ttl ms or '', default ttl ms,
 * wanted version or '', fingerprint or '', max bytes of a value, max values, max bytes in all.
 *
 * JSON is changed as text: Lua's numbers and empty tables would not come back as they were. `append` has `[` or `"` and
 * then what goes in behind what is there; `add` a whole number. Versions are microseconds of the server's clock, so that
 * a value that was deleted and made anew has another one.
 */
const CHANGE = new RedisScript(`${PRELUDE}
  local key, done = KEYS[5], KEYS[6]
  local name, operation, text, fingerprint = ARGV[1], ARGV[2], ARGV[3], ARGV[7]
  if fingerprint ~= '' then
    local earlier = redis.call('GET', done)
    if earlier and earlier ~= fingerprint then return {'reused'} end
    if earlier then return {'again', unpack(redis.call('HMGET', key, 'value', 'version', 'expires'))} end
  end
  local stored = redis.call('HMGET', key, 'value', 'version')
  local value, version = stored[1], tonumber(stored[2] or '0')
  if ARGV[6] ~= '' and tonumber(ARGV[6]) ~= version then return {'conflict', string.format('%.0f', version)} end
  local result = text
  if operation == 'append' then
    local open, addition = string.sub(text, 1, 1), string.sub(text, 2)
    local close = open == '[' and ']' or '"'
    if not value or value == open .. close then
      result = open .. addition .. close
    elseif string.sub(value, 1, 1) ~= open then
      return {'mismatch'}
    else
      result = string.sub(value, 1, -2) .. (open == '[' and ',' or '') .. addition .. close
    end
  elseif operation == 'add' then
    if value and not string.match(value, '^-?%d+$') then return {'mismatch'} end
    local sum = tonumber(value or '0') + tonumber(text)
    if math.abs(sum) > 9007199254740991 then return {'mismatch'} end
    result = string.format('%.0f', sum)
  end
  if #result > tonumber(ARGV[8]) then return {'too_large'} end
  local had = redis.call('HGET', sizes, name)
  if not had and redis.call('ZCARD', names) >= tonumber(ARGV[9]) then return {'full'} end
  local growth = #result - tonumber(had or '0')
  if growth > 0 and tonumber(redis.call('GET', total) or '0') + growth > tonumber(ARGV[10]) then return {'full'} end
  local ttl = tonumber(ARGV[4]) or (value and redis.call('PTTL', key)) or tonumber(ARGV[5])
  local expires = string.format('%.0f', now + math.max(ttl, 1))
  local newVersion = string.format('%.0f', math.max(version + 1, time[1] * 1000000 + time[2]))
  redis.call('HSET', key, 'value', result, 'version', newVersion, 'expires', expires)
  redis.call('PEXPIREAT', key, expires)
  redis.call('ZADD', names, 0, name)
  redis.call('ZADD', expiry, expires, name)
  redis.call('HSET', sizes, name, #result)
  redis.call('INCRBY', total, growth)
  local last = redis.call('ZRANGE', expiry, -1, -1, 'WITHSCORES')[2]
  for index = 1, 4 do redis.call('PEXPIREAT', KEYS[index], last) end
  if fingerprint ~= '' then redis.call('SET', done, fingerprint, 'EX', ${DONE_TTL_SECONDS}) end
  return {'changed', result, newVersion, expires}
`);

/** KEYS names, expiry, sizes, total, value; ARGV name. Gives whether there was something. */
const DELETE = new RedisScript(`${PRELUDE}
  forget(ARGV[1])
  return redis.call('UNLINK', KEYS[5])
`);

/** KEYS names, expiry, sizes, total; ARGV lowest, highest, count. Gives names and sizes by turns. */
const LIST = new RedisScript(`${PRELUDE}
  local found = {}
  for _, name in ipairs(redis.call('ZRANGEBYLEX', names, ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])) do
    found[#found + 1] = name
    found[#found + 1] = redis.call('HGET', sizes, name)
  end
  return found
`);

export const memoryScripts = { change: CHANGE, delete: DELETE, list: LIST };
