-- Puts a pull request's record in the place of the one that was read, and changes the counts by what differs, in one step.
-- KEYS: the prefix of all names. ARGV: the pull request, its repository (both in lower case), the repository as it is
-- spelt, the record as it was read ("" for none), the new one ("" for none), when that is forgotten, when the pull request
-- was seen ("" where nobody need look again), now, and the changes: a list of {week, when it is forgotten, {field: change}}.
-- Gives 1, or 0 where another record stands there by now.
local prefix = KEYS[1]
local name, repository, spelt, before, after, forgotten, seen, now = unpack(ARGV, 1, 8)
local key = prefix .. 'pull:' .. name
-- Nothing below may fail: what is of another type is not ours, and Redis takes no half of a script back.
local function ours(which, kind)
  local found = redis.call('TYPE', which).ok
  if found ~= kind and found ~= 'none' then redis.call('DEL', which) end
  return which
end
ours(key, 'string')
local pulls, watched = ours(prefix .. 'pulls', 'zset'), ours(prefix .. 'watched', 'zset')
local repositories = ours(prefix .. 'repositories', 'hash')
if (redis.call('GET', key) or '') ~= before then return 0 end
if after == '' then
  redis.call('DEL', key)
  redis.call('ZREM', pulls, name)
else
  redis.call('SET', key, after)
  redis.call('EXPIREAT', key, forgotten)
  redis.call('ZADD', pulls, forgotten, name)
  redis.call('HSETNX', repositories, repository, cjson.encode({name = spelt}))
end
if seen == '' then
  redis.call('ZREM', watched, name)
else
  redis.call('ZADD', watched, seen, name)
end
redis.call('ZREMRANGEBYSCORE', pulls, '-inf', now)
for _, week in ipairs(cjson.decode(ARGV[9])) do
  -- "*" is no repository's name: the sum of all.
  for _, whose in ipairs({repository, '*'}) do
    local counts = ours(prefix .. 'counts:' .. week[1] .. ':' .. whose, 'hash')
    for field, change in pairs(week[3]) do
      if redis.call('HINCRBY', counts, field, change) == 0 then redis.call('HDEL', counts, field) end
    end
    redis.call('EXPIREAT', counts, week[2])
  end
end
return 1
