-- Puts a pull request's record in the place of the one that was read, and changes the counts by what differs, in one step.
-- KEYS: the prefix of all names. ARGV: the pull request, its repository (both in lower case), the repository as it is
-- spelt, the record as it was read ("" for none), the new one ("" for none), when that is forgotten, when the pull request
-- was seen ("" where nobody need look again), now, and the changes: a list of {week, when it is forgotten, {field: change}}.
-- Gives 1, or 0 where another record stands there by now.
local prefix = KEYS[1]
local name, repository, spelt, before, after, forgotten, seen, now = unpack(ARGV, 1, 8)
local key = prefix .. 'pull:' .. name
if (redis.call('GET', key) or '') ~= before then return 0 end
if after == '' then
  redis.call('DEL', key)
  redis.call('ZREM', prefix .. 'pulls', name)
else
  redis.call('SET', key, after)
  redis.call('EXPIREAT', key, forgotten)
  redis.call('ZADD', prefix .. 'pulls', forgotten, name)
  redis.call('HSETNX', prefix .. 'repositories', repository, cjson.encode({name = spelt}))
end
if seen == '' then
  redis.call('ZREM', prefix .. 'watched', name)
else
  redis.call('ZADD', prefix .. 'watched', seen, name)
end
redis.call('ZREMRANGEBYSCORE', prefix .. 'pulls', '-inf', now)
for _, week in ipairs(cjson.decode(ARGV[9])) do
  -- "*" is no repository's name: the sum of all.
  for _, whose in ipairs({repository, '*'}) do
    local counts = prefix .. 'counts:' .. week[1] .. ':' .. whose
    for field, change in pairs(week[3]) do
      if redis.call('HINCRBY', counts, field, change) == 0 then redis.call('HDEL', counts, field) end
    end
    redis.call('EXPIREAT', counts, week[2])
  end
end
return 1
