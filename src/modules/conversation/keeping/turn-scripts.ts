import { RedisScript } from '../../../platform/redis/index.js';

/** The steps that Redis takes as one for `TurnStore`, which explains the keys. */

const NOW_MS = `local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000);`;

const LEAVE_LINE = `
  redis.call('LREM', line, 0, id)
  redis.call('HDEL', leases, id)`;

/**
 * Whoever stands first may go. One that has not been accepted leaves the line with its lease; one that has leaves
 * it only by its end, since what comes after it must be saved after it.
 */
export const enterScript = new RedisScript(`
  local line, leases, running = KEYS[1], KEYS[2], KEYS[3]
  local conversation, id, lease, limit, line_ttl = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
  ${NOW_MS}
  local head = redis.call('LINDEX', line, 0)
  while head and not redis.call('ZSCORE', running, conversation .. ':' .. head)
      and tonumber(redis.call('HGET', leases, head) or 0) <= now do
    redis.call('LPOP', line)
    redis.call('HDEL', leases, head)
    head = redis.call('LINDEX', line, 0)
  end
  if not redis.call('LPOS', line, id) and redis.call('LLEN', line) >= limit then return 'busy' end
  if not redis.call('LPOS', line, id) then redis.call('RPUSH', line, id) end
  redis.call('HSET', leases, id, now + lease)
  redis.call('PEXPIRE', line, line_ttl)
  redis.call('PEXPIRE', leases, line_ttl)
  local place = redis.call('LPOS', line, id)
  if place == 0 then return 'go' end
  if place == 1 then return 'next' end
  return 'wait'`);

/** An accepted turn stays: the same request may have come twice, and been refused once. */
export const leaveScript = new RedisScript(`
  local line, leases, running, member, id = KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2]
  if redis.call('ZSCORE', running, member) then return end
  ${LEAVE_LINE}`);

/** From here on `running` tells that the turn's process lives, and keeps its place in the line. */
export const startScript = new RedisScript(`
  local turns, finished, running, line = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
  local member, id, json, lease, limit, line_ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
  if redis.call('HEXISTS', turns, id) == 1 then return 'exists' end
  if redis.call('LLEN', finished) >= limit then return 'full' end
  ${NOW_MS}
  redis.call('HSET', turns, id, json)
  redis.call('ZADD', running, now + lease, member)
  if not redis.call('LPOS', line, id) then
    redis.call('RPUSH', line, id)
    redis.call('PEXPIRE', line, line_ttl)
  end
  return 'started'`);

/** Pieces that are there already, because an answer of Redis was lost, are passed over. */
export const noteScript = new RedisScript(`
  local turns, running, chunks = KEYS[1], KEYS[2], KEYS[3]
  local member, id, lease, from, chunks_ttl = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
  if redis.call('HEXISTS', turns, id .. ':claimed') == 1 then return 'ended' end
  if not redis.call('ZSCORE', running, member) then
    if redis.call('HEXISTS', turns, id) == 1 then return 'ended' end
    return 'unknown'
  end
  ${NOW_MS}
  redis.call('ZADD', running, now + lease, member)
  if #ARGV > 5 then
    local length = redis.call('LLEN', chunks)
    if length < from then return 'unknown' end
    for index = 6 + length - from, #ARGV do redis.call('RPUSH', chunks, ARGV[index]) end
    if length == 0 then redis.call('PEXPIRE', chunks, chunks_ttl) end
  end
  if redis.call('HEXISTS', turns, id .. ':stop') == 1 then return 'stopping' end
  return 'running'`);

export const finishScript = new RedisScript(`
  local turns, order, finished, running, line, leases, chunks =
    KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
  local member, id, json, chunks_ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
  if redis.call('ZREM', running, member) == 0 then
    if redis.call('HEXISTS', turns, id) == 1 then return 'ended' end
    return 'unknown'
  end
  redis.call('HSET', turns, id, json)
  redis.call('HDEL', turns, id .. ':claimed', id .. ':stop')
  redis.call('PEXPIRE', chunks, chunks_ttl)
  redis.call('RPUSH', order, id)
  local waiting = redis.call('RPUSH', finished, member)
  ${LEAVE_LINE}
  if waiting > 1 then return 'joined' end
  return 'done'`);

export const stopScript = new RedisScript(`
  local turns, running, member, id = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
  if not redis.call('ZSCORE', running, member) then return 0 end
  redis.call('HSET', turns, id .. ':stop', '1')
  return 1`);

/** The turn that stands first in its conversation's line, if it has been accepted. */
export const runningScript = new RedisScript(`
  local turns, running, line, conversation = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
  for _, id in ipairs(redis.call('LRANGE', line, 0, -1)) do
    if redis.call('ZSCORE', running, conversation .. ':' .. id) then return redis.call('HGET', turns, id) end
  end
  return false`);

export const abandonedScript = new RedisScript(`
  ${NOW_MS}
  return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])`);

/** Who claims a turn alone may end it, for the time of a lease: from then on its own process cannot go on. */
export const claimScript = new RedisScript(`
  local turns, running, chunks = KEYS[1], KEYS[2], KEYS[3]
  local member, id, lease = ARGV[1], ARGV[2], ARGV[3]
  local until_ms = redis.call('ZSCORE', running, member)
  ${NOW_MS}
  if not until_ms or tonumber(until_ms) > now then return false end
  redis.call('ZADD', running, now + lease, member)
  redis.call('HSET', turns, id .. ':claimed', '1')
  return {redis.call('HGET', turns, id), redis.call('LRANGE', chunks, 0, -1)}`);

/**
 * Keys: for each turn its conversation's turns; arguments: how many bytes may be read, then the turns' ids. Answers
 * the turns of the first places that fit, and of the first one in any case.
 */
export const textsScript = new RedisScript(`
  local left, texts = tonumber(ARGV[1]), {}
  for index = 1, #KEYS do
    left = left - redis.call('HSTRLEN', KEYS[index], ARGV[index + 1])
    if left < 0 and index > 1 then break end
    texts[index] = redis.call('HGET', KEYS[index], ARGV[index + 1])
  end
  return texts`);

/** Key: a conversation's turns; argument: the id of one. Answers when it finished, without reading it as JSON. */
export const finishedAtScript = new RedisScript(`
  local text = redis.call('HGET', KEYS[1], ARGV[1])
  return text and string.match(text, '"finished_at":"([^"]+)"') or false`);

/**
 * Keys: the shard's list, then two of each turn's conversation; arguments: two of each turn. Answers how many turns
 * are left in the list.
 */
export const forgetScript = new RedisScript(`
  for index = 1, #ARGV / 2 do
    local member, id = ARGV[2 * index - 1], ARGV[2 * index]
    redis.call('LREM', KEYS[1], 1, member)
    redis.call('LREM', KEYS[2 * index], 1, id)
    redis.call('HDEL', KEYS[2 * index + 1], id)
  end
  return redis.call('LLEN', KEYS[1])`);
