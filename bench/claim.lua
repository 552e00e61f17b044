-- A claim on one item, in one hash: `free` units, the `last` number given, and beside them each
-- holder's number under the fan's own number. One a fan: who holds one hears its number again.
-- Two calls of Redis, the fewest there can be: whatever is read, then whatever is written.
-- Answers the number; 0 when it is sold out.
local held = redis.call('HMGET', KEYS[1], ARGV[1], 'free', 'last')
if held[1] then
    return tonumber(held[1])
end
local free, number = held[2] - 1, held[3] + 1
if free < 0 then
    return 0
end
redis.call('HSET', KEYS[1], ARGV[1], number, 'free', free, 'last', number)
return number
