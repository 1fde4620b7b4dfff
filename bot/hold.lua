-- Take or keep what one process has at a time; 0 where another has it.
-- KEYS[1] what is held
-- ARGV[1] token of who holds; ARGV[2] how long it lasts, ms
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return 1
end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
