import { RedisScript } from '../../../platform/redis/index.js';

/**
 * KEYS stream, state, queued, dedup; ARGV receipt, lines, bytes, limit, dedup TTL in ms (0: none), summary,
 * rows.
 * Gives `added`, `full`, or `again:<receipt>`. XADD comes first of all writes: if Redis has no memory it refuses that
 * one, and after it none.
 */
export const addScript = new RedisScript(`
  if ARGV[5] ~= '0' then
    local earlier = redis.call('GET', KEYS[4])
    if earlier then return 'again:' .. earlier end
  end
  local bytes = tonumber(ARGV[3])
  local waiting = tonumber(redis.call('HGET', KEYS[2], 'backlog_bytes') or '0')
  if waiting > 0 and waiting + bytes > tonumber(ARGV[4]) then return 'full' end
  redis.call('XADD', KEYS[1], '*', 'receipt', ARGV[1], 'lines', ARGV[2], 'bytes', ARGV[3],
    'summary', ARGV[6], 'rows', ARGV[7])
  redis.call('HSET', KEYS[3], ARGV[1], '1')
  redis.call('HINCRBY', KEYS[2], 'backlog_bytes', ARGV[3])
  redis.call('HINCRBY', KEYS[2], 'backlog_lines', ARGV[2])
  redis.call('HINCRBY', KEYS[2], 'backlog_entries', 1)
  redis.call('HINCRBY', KEYS[2], 'accepted_lines', ARGV[2])
  redis.call('HINCRBY', KEYS[2], 'accepted_entries', 1)
  if ARGV[5] ~= '0' then redis.call('SET', KEYS[4], ARGV[1], 'PX', ARGV[5]) end
  return 'added'
`);

/**
 * KEYS stream, state, queued; ARGV group, then id, receipt, lines and bytes of each entry. An entry leaves the backlog
 * once, whoever acknowledges it how often. Works also while Redis has no memory: XACK needs none, and what
 * follows a write of the same script is not refused.
 */
export const acknowledgeScript = new RedisScript(`
  for i = 2, #ARGV, 4 do
    redis.call('XACK', KEYS[1], ARGV[1], ARGV[i])
    redis.call('XDEL', KEYS[1], ARGV[i])
    if redis.call('HDEL', KEYS[3], ARGV[i + 1]) == 1 then
      redis.call('HINCRBY', KEYS[2], 'backlog_lines', -ARGV[i + 2])
      redis.call('HINCRBY', KEYS[2], 'backlog_bytes', -ARGV[i + 3])
      redis.call('HINCRBY', KEYS[2], 'backlog_entries', -1)
      redis.call('HINCRBY', KEYS[2], 'acknowledged_lines', ARGV[i + 2])
    end
  end
  return 1
`);

/**
 * KEYS stream; ARGV group, idle ms, a consumer to remove in any case if it has nothing pending. A consumer that has
 * entries is never removed: they would be delivered to nobody any more. Gives how many were removed.
 */
export const removeConsumersScript = new RedisScript(`
  local removed = 0
  local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
  if consumers.err then return 0 end
  for _, consumer in ipairs(consumers) do
    local about = {}
    for i = 1, #consumer, 2 do about[consumer[i]] = consumer[i + 1] end
    if about.pending == 0 and (about.idle > tonumber(ARGV[2]) or about.name == ARGV[3]) then
      redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], about.name)
      removed = removed + 1
    end
  end
  return removed
`);

/** KEYS stream; ARGV group, ms. Gives how many consumers were heard of within so long. */
export const countReadersScript = new RedisScript(`
  local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
  if consumers.err then return 0 end
  local alive = 0
  for _, consumer in ipairs(consumers) do
    for i = 1, #consumer, 2 do
      if consumer[i] == 'idle' and consumer[i + 1] <= tonumber(ARGV[2]) then alive = alive + 1 end
    end
  end
  return alive
`);

/**
 * KEYS stream, state. Gives the sums as Redis has them at one moment, how many ms the oldest entry has waited, and how
 * many entries there are.
 */
export const sumsScript = new RedisScript(`
  local sums = redis.call('HMGET', KEYS[2], 'accepted_lines', 'accepted_entries', 'acknowledged_lines',
    'backlog_lines', 'backlog_bytes', 'backlog_entries')
  local result = {}
  for i = 1, 6 do result[i] = tonumber(sums[i] or '0') end
  local waited = 0
  local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
  if oldest then
    local now = redis.call('TIME')
    local since = tonumber(string.match(oldest[1], '^%d+'))
    waited = math.max(0, now[1] * 1000 + math.floor(now[2] / 1000) - since)
  end
  result[7] = waited
  result[8] = redis.call('XLEN', KEYS[1])
  return result
`);

/**
 * KEYS stream, state, queued; ARGV committed lines, and how many were acknowledged before those were counted. Begins the
 * sums anew from what is committed, if nothing waits and nothing went by in between: else gives false.
 */
export const restartSumsScript = new RedisScript(`
  if redis.call('XLEN', KEYS[1]) > 0 then return false end
  local acknowledged = redis.call('HGET', KEYS[2], 'acknowledged_lines') or '0'
  if acknowledged ~= ARGV[2] then return false end
  redis.call('HSET', KEYS[2], 'accepted_lines', ARGV[1], 'acknowledged_lines', ARGV[1],
    'backlog_lines', 0, 'backlog_bytes', 0, 'backlog_entries', 0)
  redis.call('DEL', KEYS[3])
  return 1
`);
