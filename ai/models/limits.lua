-- Takes a request from the limits of one model, all of them or none.
-- KEYS: 1 requests (hash: left, at_ms) · 2 tokens (hash: left, at_ms) · 3 calls in flight (zset of ids by expiry in ms)
-- ARGV: 1 requests a minute · 2 tokens a minute · 3 calls at once (each 0: no limit) · 4 tokens wanted
--       5 id of the call · 6 ms after which a call that said nothing more is over
-- Returns 1 when taken, else 0. A bucket holds what a minute allows, and fills all the time.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function left(key, per_minute)
    local held = redis.call('HMGET', key, 'left', 'at_ms')
    if not held[1] then return per_minute end
    return math.min(per_minute, held[1] + (now - held[2]) * per_minute / 60000)
end

local function keep(key, value)
    redis.call('HSET', key, 'left', value, 'at_ms', now)
    redis.call('PEXPIRE', key, 120000)
end

local rpm, tpm, at_once = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
-- What is larger than a whole minute's worth takes a full bucket: it would never come through.
local wanted = math.min(tonumber(ARGV[4]), tpm)
local requests = rpm > 0 and left(KEYS[1], rpm) or 0
local tokens = tpm > 0 and left(KEYS[2], tpm) or 0
if rpm > 0 and requests < 1 then return 0 end
if tpm > 0 and tokens < wanted then return 0 end
if at_once > 0 then
    redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
    if redis.call('ZCARD', KEYS[3]) >= at_once then return 0 end
    redis.call('ZADD', KEYS[3], now + tonumber(ARGV[6]), ARGV[5])
    redis.call('PEXPIRE', KEYS[3], 120000)
end
if rpm > 0 then keep(KEYS[1], requests - 1) end
if tpm > 0 then keep(KEYS[2], tokens - wanted) end
return 1
