-- What was heard since the last look, by Redis' own clock; sweeps what is too old to count.
-- KEYS[1] presence:beats  KEYS[2] presence:people
-- ARGV[1] moment of the last look, ms (0: everything)  ARGV[2] TTL, ms
-- ARGV[3] how far ahead of now a beat may be, ms       ARGV[4] how long people outlive a look, ms
-- Answers {now_ms, {beat, heard_ms, ...}}.
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local now = string.format('%d', now_ms)

-- Beats of the future were heard before the clock went back: without this they would live until
-- it catches up.
local ahead_from = string.format('(%d', now_ms + ARGV[3])
for _, beat in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], ahead_from, '+inf')) do
  redis.call('ZADD', KEYS[1], now, beat)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%d', now_ms - ARGV[2]))
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return {now_ms, redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf', 'WITHSCORES')}
