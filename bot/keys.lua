-- The one script that changes the keys of pull requests (bot/keys.py says what they are).
--
-- KEYS[1] is the prefix of all its keys, ARGV[1] the operation. A record is a hash:
--   kind, repository, number, installation, author
--   state      "waiting" (due, or for a time), "running", "idle"
--   token      who runs it; only that one may keep or end it
--   dirty      something happened while it ran
--   old        the sweep found it, and its head is from before the repository was served: no comments
--   command:*, again:*, head:*   causes, each with what the run needs to know of it; the first two are persons' wishes
--   tries, looks, crashes, lapses, rest, done   what the last runs left behind
-- Indexes: later (by time), running (by the end of the lease), ready:KIND (all that are due, by since when),
-- front:KIND (those of them that a person waits for), and for the others fair queueing, a level for repositories and one
-- for authors: fair:KIND, fair:KIND:REPOSITORY and fair:KIND:REPOSITORY:AUTHOR. Each flow's score is the virtual time of its
-- next turn; who comes new begins at the time of the turn that was given last, so that nobody saves up turns.
-- fetching:REPOSITORY is the token of the run that fetches it.

local P = KEYS[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6

local function record_key(name) return P .. 'record:' .. name end

-- Gives the key of a record, which is a hash or nothing from here on: what else lay there is removed.
local function record(name)
  local key = record_key(name)
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'hash' and kind ~= 'none' then redis.call('DEL', key) end
  return key
end

local function fair(kind, repository, author)
  local level = P .. 'fair:' .. kind
  if repository then level = level .. ':' .. repository end
  if author then level = level .. ':' .. author end
  return level
end

-- Takes a key out of all that is due.
local function withdraw(name, kind, repository, author)
  redis.call('ZREM', P .. 'later', name)
  redis.call('ZREM', P .. 'ready:' .. kind, name)
  redis.call('ZREM', P .. 'front:' .. kind, name)
  local flow, authors = fair(kind, repository, author), fair(kind, repository)
  if redis.call('ZREM', flow, name) == 1 and redis.call('ZCARD', flow) == 0 then
    redis.call('ZREM', authors, author)
    if redis.call('ZCARD', authors) == 0 then
      redis.call('ZREM', fair(kind), repository)
      redis.call('HDEL', P .. 'clocks', kind .. ':' .. repository)
    end
  end
end

local function parts(key)
  local found = redis.call('HMGET', key, 'kind', 'repository', 'author')
  if not found[1] or not found[2] then return nil end
  return found[1], string.lower(found[2]), found[3] or ''
end

local function wished(key)
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if string.sub(field, 1, 8) == 'command:' or string.sub(field, 1, 6) == 'again:' then return true end
  end
  return false
end

-- Makes a key due, now.
local function ready(name, key)
  local kind, repository, author = parts(key)
  if not kind then return end
  withdraw(name, kind, repository, author)
  redis.call('HSET', key, 'state', 'waiting')
  redis.call('ZADD', P .. 'ready:' .. kind, now, name)
  if wished(key) then
    redis.call('ZADD', P .. 'front:' .. kind, now, name)
    return
  end
  local clock = redis.call('HGET', P .. 'clocks', kind) or '0'
  redis.call('ZADD', fair(kind), 'NX', clock, repository)
  local own = redis.call('HGET', P .. 'clocks', kind .. ':' .. repository) or '0'
  redis.call('ZADD', fair(kind, repository), 'NX', own, author)
  redis.call('ZADD', fair(kind, repository, author), now, name)
end

local function wake()
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', P .. 'later', '-inf', now, 'LIMIT', 0, 200)) do
    redis.call('ZREM', P .. 'later', name)
    local key = record(name)
    if redis.call('EXISTS', key) == 1 then ready(name, key) end
  end
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', P .. 'running', '-inf', now, 'LIMIT', 0, 200)) do
    redis.call('ZREM', P .. 'running', name)
    local key = record(name)
    if redis.call('EXISTS', key) == 1 then
      redis.call('HDEL', key, 'token')
      redis.call('HINCRBY', key, 'crashes', 1)
      ready(name, key)
    end
  end
end

local function note()
  local delivery = ARGV[2]
  local notes = cjson.decode(ARGV[4])
  if delivery ~= '' and not redis.call('SET', P .. 'delivery:' .. delivery, 1, 'NX', 'EX', ARGV[3]) then
    local outcomes = {}
    for _ in ipairs(notes) do table.insert(outcomes, 'duplicate') end
    return outcomes
  end
  local outcomes = {}
  for _, each in ipairs(notes) do
    local key = record(each.name)
    local rest = tonumber(redis.call('HGET', key, 'rest') or '0') or 0
    local held = redis.call('ZSCORE', P .. 'running', each.name)
    local due = redis.call('ZSCORE', P .. 'ready:' .. each.fields.kind, each.name)
    -- What waits for a time without having failed (for a head to be shown, for room to comment) knows why; what failed is
    -- tried again now, since GitHub could just be read. A person's command has all its tries before somebody is told "sorry".
    local later = redis.call('ZSCORE', P .. 'later', each.name)
    local patient = later and ((tonumber(redis.call('HGET', key, 'tries') or '0') or 0) == 0 or wished(key))
    local outcome
    if each.swept and (held or due or patient) then
      outcome = held and 'running' or 'waiting'
    elseif each.swept and rest > now then
      outcome = 'resting'
    else
      redis.call('PERSIST', key)
      -- The author decides the place in the queue, which the key must leave by the way it came.
      local kind, repository, author = parts(key)
      local front = kind and wished(key)
      if kind and each.fields.author and each.fields.author ~= author then
        withdraw(each.name, kind, repository, author)
        due = false
      end
      for name, value in pairs(each.fields) do redis.call('HSET', key, name, value) end
      for name, value in pairs(each.causes) do
        if string.sub(name, 1, 5) == 'head:' then
          redis.call('HSETNX', key, name, tostring(now))
        else
          redis.call('HSET', key, name, value)
        end
      end
      if each.swept then
        -- What waits for another try was told of by an event.
        if each.old and not later then redis.call('HSET', key, 'old', 1) end
      else
        redis.call('HDEL', key, 'old', 'rest', 'crashes')
      end
      -- A sweep is nothing new: however often it comes, what fails again and again is set aside in the end.
      if not each.swept then redis.call('HDEL', key, 'tries', 'looks') end
      if held then
        redis.call('HSET', key, 'dirty', 1)
        outcome = 'running'
      elseif due and front == wished(key) then
        outcome = 'waiting'
      else
        ready(each.name, key)
        outcome = 'queued'
      end
    end
    table.insert(outcomes, outcome)
  end
  return outcomes
end

-- Whether a repository's keys may be taken: not while it is fetched, which would only wait for the mirror.
local function open(kind, repository)
  if kind == 'talk' then return true end
  local key = P .. 'fetching:' .. repository
  local left = redis.call('PTTL', key)
  if left == -1 then redis.call('DEL', key) end -- none of ours: it would stay for ever
  return left < 0
end

-- Claims or prolongs the fetching of a repository for whoever has this token; 0 if another fetches it.
local function fetching()
  local token, milliseconds = ARGV[3], ARGV[4]
  local key = P .. 'fetching:' .. ARGV[2]
  if open('normal', ARGV[2]) then
    redis.call('SET', key, token, 'PX', milliseconds)
    return 1
  end
  if redis.call('TYPE', key).ok ~= 'string' or redis.call('GET', key) ~= token then return 0 end
  redis.call('PEXPIRE', key, milliseconds)
  return 1
end

local function fetched()
  local key = P .. 'fetching:' .. ARGV[2]
  if redis.call('TYPE', key).ok == 'string' and redis.call('GET', key) == ARGV[3] then redis.call('DEL', key) end
  return 1
end

-- Gives the first key of the front, or the fairest of the others.
local function choose(section)
  local kind = string.gsub(section, '!', '')
  if kind ~= section then
    for _, name in ipairs(redis.call('ZRANGE', P .. 'front:' .. kind, 0, 49)) do
      local key = record(name)
      local _, repository = parts(key)
      if not repository then
        redis.call('ZREM', P .. 'front:' .. kind, name)
        redis.call('ZREM', P .. 'ready:' .. kind, name)
      elseif open(kind, repository) then
        return name
      end
    end
    return nil
  end
  local flows = redis.call('ZRANGE', fair(kind), 0, 49, 'WITHSCORES')
  for i = 1, #flows, 2 do
    local repository = flows[i]
    if open(kind, repository) then
      local authors = redis.call('ZRANGE', fair(kind, repository), 0, 0, 'WITHSCORES')
      local author = authors[1]
      local names = author and redis.call('ZRANGE', fair(kind, repository, author), 0, 0) or {}
      if names[1] then
        redis.call('HSET', P .. 'clocks', kind, flows[i + 1])
        redis.call('HSET', P .. 'clocks', kind .. ':' .. repository, authors[2])
        redis.call('ZINCRBY', fair(kind), 1, repository)
        redis.call('ZINCRBY', fair(kind, repository), 1, author)
        local key = record(names[1])
        local known, its_repository, its_author = parts(key)
        if known == kind and its_repository == repository and its_author == author then return names[1] end
        redis.call('ZREM', fair(kind, repository, author), names[1])
        redis.call('ZREM', P .. 'ready:' .. kind, names[1])
        return choose(section)
      end
      if author then redis.call('ZREM', fair(kind, repository), author) else redis.call('ZREM', fair(kind), repository) end
      return choose(section)
    end
  end
  return nil
end

local function take()
  local token, lease = ARGV[2], tonumber(ARGV[3])
  wake()
  for i = 4, #ARGV do
    local name = choose(ARGV[i])
    if name then
      local key = record(name)
      local kind, repository, author = parts(key)
      withdraw(name, kind, repository, author)
      redis.call('HSET', key, 'state', 'running', 'token', token)
      redis.call('HDEL', key, 'dirty')
      redis.call('ZADD', P .. 'running', now + lease, name)
      return redis.call('HGETALL', key)
    end
  end
  return {}
end

local function keep()
  local name, token = ARGV[2], ARGV[3]
  if redis.call('HGET', record(name), 'token') ~= token then return 0 end
  redis.call('ZADD', P .. 'running', now + tonumber(ARGV[4]), name)
  return 1
end

local function finish()
  local name, token, data = ARGV[2], ARGV[3], cjson.decode(ARGV[4])
  local key = record(name)
  if redis.call('HGET', key, 'token') ~= token then return 'lost' end
  for cause in pairs(data.dealt) do redis.call('HDEL', key, cause) end
  for field, value in pairs(data.set) do redis.call('HSET', key, field, value) end
  redis.call('HDEL', key, 'token', 'crashes', 'rest')
  if data.rest > 0 then redis.call('HSET', key, 'rest', tostring(now + data.rest)) end
  redis.call('ZREM', P .. 'running', name)
  if redis.call('HDEL', key, 'dirty') == 1 then
    ready(name, key)
    return 'due'
  end
  if data.later >= 0 then
    redis.call('HSET', key, 'state', 'waiting')
    redis.call('ZADD', P .. 'later', now + data.later, name)
    return 'later'
  end
  redis.call('HSET', key, 'state', 'idle')
  redis.call('HDEL', key, 'old')
  redis.call('EXPIRE', key, ARGV[5])
  return 'idle'
end

local function due()
  local index = P .. 'ready:' .. ARGV[2]
  local first = redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')
  return { redis.call('ZCARD', index), tostring(first[2] and math.max(0, now - tonumber(first[2])) or 0) }
end

-- Puts a key into the index that its state says; gives 1 if it was in none.
local function mend()
  local name = ARGV[2]
  local key = record_key(name)
  if redis.call('TYPE', key).ok ~= 'hash' then
    redis.call('DEL', key)
    return 1
  end
  local kind = parts(key)
  local state = redis.call('HGET', key, 'state')
  if not kind or name ~= kind .. ':' .. string.lower(redis.call('HGET', key, 'repository')) .. '#' .. (redis.call('HGET', key, 'number') or '') then
    redis.call('DEL', key)
    return 1
  end
  local waits = redis.call('ZSCORE', P .. 'later', name) or redis.call('ZSCORE', P .. 'ready:' .. kind, name)
  local runs = redis.call('ZSCORE', P .. 'running', name)
  if state == 'idle' or (state == 'waiting' and waits) or (state == 'running' and runs) then return 0 end
  redis.call('ZREM', P .. 'running', name)
  redis.call('HDEL', key, 'token')
  ready(name, key)
  return 1
end

-- Removes indexes that are of another type than ours; mend puts back what was in them.
local function indexes()
  local wrong = 0
  local function check(key, wanted)
    local kind = redis.call('TYPE', key).ok
    if kind ~= wanted and kind ~= 'none' then
      redis.call('DEL', key)
      wrong = wrong + 1
    end
    return kind == wanted
  end
  check(P .. 'later', 'zset')
  check(P .. 'running', 'zset')
  check(P .. 'clocks', 'hash')
  for _, kind in ipairs({ 'talk', 'normal', 'deep' }) do
    local sound = check(P .. 'ready:' .. kind, 'zset')
    sound = check(P .. 'front:' .. kind, 'zset') and sound
    if check(fair(kind), 'zset') then
      for _, repository in ipairs(redis.call('ZRANGE', fair(kind), 0, -1)) do
        if check(fair(kind, repository), 'zset') then
          for _, author in ipairs(redis.call('ZRANGE', fair(kind, repository), 0, -1)) do
            check(fair(kind, repository, author), 'zset')
          end
        end
      end
    end
  end
  -- A key that is due and in no order would never be taken: it is made due anew.
  for _, kind in ipairs({ 'talk', 'normal', 'deep' }) do
    for _, name in ipairs(redis.call('ZRANGE', P .. 'ready:' .. kind, 0, -1)) do
      local key = record(name)
      local known, repository, author = parts(key)
      if not known then
        redis.call('ZREM', P .. 'ready:' .. kind, name)
        wrong = wrong + 1
      elseif not redis.call('ZSCORE', P .. 'front:' .. kind, name)
        and not (redis.call('ZSCORE', fair(kind, repository, author), name)
          and redis.call('ZSCORE', fair(kind, repository), author) and redis.call('ZSCORE', fair(kind), repository)) then
        ready(name, key)
        wrong = wrong + 1
      end
    end
  end
  return wrong
end

local operation = ARGV[1]
if operation == 'note' then return note() end
if operation == 'take' then return take() end
if operation == 'keep' then return keep() end
if operation == 'end' then return finish() end
if operation == 'wake' then
  wake()
  local counts = {}
  for _, kind in ipairs({ 'talk', 'normal', 'deep' }) do table.insert(counts, redis.call('ZCARD', P .. 'ready:' .. kind)) end
  return counts
end
if operation == 'fetching' then return fetching() end
if operation == 'fetched' then return fetched() end
if operation == 'forget' then
  redis.call('ZREM', P .. 'running', ARGV[2])
  return redis.call('DEL', record_key(ARGV[2]))
end
if operation == 'due' then return due() end
if operation == 'mend' then return mend() end
if operation == 'indexes' then return indexes() end
return redis.error_reply('no operation ' .. operation)
