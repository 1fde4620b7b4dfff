-- Record one transition and publish it, unless it is known already or was decided on an old view.
-- Several presence processes may try: whoever comes second finds the record and is refused.
-- KEYS[1] presence:people  KEYS[2] presence:left:{tenant}:{user}
-- ARGV[1] person           ARGV[2] status
-- ARGV[3] since, ms        ARGV[4] moment of the decision, ms
-- ARGV[5] the same status counts as known when it was announced after this, ms
-- ARGV[6] rest of the record: role and conversations
-- ARGV[7] how long a decision is good, ms   ARGV[8] how long one who left is remembered, ms
-- ARGV[9..] channel, message, channel, message, ...
-- Answers {1, ''}, or {0, the record that stands} when refused.
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local decided_ms = tonumber(ARGV[4])
local stored = redis.call('HGET', KEYS[1], ARGV[1]) or redis.call('GET', KEYS[2])

-- A process that was stopped between looking and announcing must not speak from what it saw then.
if math.abs(now_ms - decided_ms) > tonumber(ARGV[7]) then
  return {0, stored or ''}
end
if stored then
  local announced_ms, status = stored:match('^(%d+) (%a+)')
  announced_ms = tonumber(announced_ms)
  local later = announced_ms > decided_ms and announced_ms <= now_ms
  local known = status == ARGV[2] and announced_ms > tonumber(ARGV[5])
  if later or known then
    return {0, stored}
  end
end

local record = ARGV[4] .. ' ' .. ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[6]
if ARGV[2] == 'offline' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('SET', KEYS[2], record, 'PX', ARGV[8])
else
  redis.call('HSET', KEYS[1], ARGV[1], record)
  redis.call('DEL', KEYS[2])
end
for i = 9, #ARGV, 2 do
  redis.call('PUBLISH', ARGV[i], ARGV[i + 1])
end
return {1, ''}
