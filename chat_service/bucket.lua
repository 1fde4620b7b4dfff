-- Takes one token from a bucket that starts full, by the clock of Redis.
-- KEYS: 1 the bucket (hash: left, at_us) · ARGV: 1 tokens a second · 2 tokens of a full one
-- Returns whether it was taken (1 or 0), and the tokens left as text: Redis would cut a fraction off.
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local per_s, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local held = redis.call('HMGET', KEYS[1], 'left', 'at_us')
local left = burst
if held[1] then
    -- A replica that took over may have another time; none ever takes tokens away.
    left = math.min(burst, held[1] + math.max(0, now_us - held[2]) * per_s / 1000000)
end
local taken = 0
if left >= 1 then
    taken, left = 1, left - 1
end
local text = string.format('%.6f', left)
redis.call('HSET', KEYS[1], 'left', text, 'at_us', string.format('%.0f', now_us))
-- Forgotten when it is full again, which is what a new one is.
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - left) / per_s * 1000) + 1000)
return {taken, text}
