-- Note when people were last heard, all at the same moment of Redis' own clock.
-- KEYS[1] presence:beats
-- ARGV[1] how long the key outlives its last beat, ms; ARGV[2..] packed beats
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local scored = {}
for i = 2, #ARGV do
  scored[#scored + 1] = string.format('%d', now_ms)
  scored[#scored + 1] = ARGV[i]
end
redis.call('ZADD', KEYS[1], unpack(scored))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return now_ms
