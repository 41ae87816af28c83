-- Several counters at once; ARGV[1] is what to do with them:
--   take       each in turn, until one refuses
--   take_all   all, or none where one has no room
--   give_back  undo a take that passed
-- For each key eight arguments: algorithm, limit, window, cost, burst, interval, block at, block for. Times are microseconds.
-- For each key looked at: passed, used, remaining, reset after, retry after (-1: never), first.
-- The same decisions as in ../algorithm, where they are explained.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local function set(key, value, until_micros)
  redis.call('SET', key, value, 'PX', math.max(1, math.ceil((until_micros - now) / 1000)))
end

-- 2^53 has sixteen digits; tostring would round.
local function whole(number)
  return string.format('%.0f', number)
end

local fixed, token, sliding = {}, {}, {}

local function fixed_answer(quota, used, ttl, first)
  local reset = ttl == -1 and -1 or math.max(0, ttl) * 1000
  local passed = used <= quota.limit
  return { passed and 1 or 0, used, math.max(0, quota.limit - used), reset, passed and 0 or reset, first and 1 or 0 }
end

function fixed.peek(key, quota)
  local used = redis.call('GET', key)
  if not used then return fixed_answer(quota, 0, 0, true) end
  return fixed_answer(quota, tonumber(used), redis.call('PTTL', key), false)
end

function fixed.take(key, quota)
  local used = redis.call('INCRBY', key, quota.cost)
  local first = used == quota.cost
  local ttl = redis.call('PTTL', key)
  if ttl == -1 and quota.window > 0 then
    ttl = math.ceil(quota.window / 1000)
    redis.call('PEXPIRE', key, ttl)
  end
  if quota.block_for > 0 and used >= quota.block_at and used - quota.cost < quota.block_at then
    ttl = math.ceil(quota.block_for / 1000)
    redis.call('PEXPIRE', key, ttl)
  end
  return fixed_answer(quota, used, ttl, first)
end

function fixed.was_open(quota, answer)
  return answer[2] - quota.cost <= quota.limit
end

function fixed.give_back(key, quota)
  local used = tonumber(redis.call('GET', key))
  if used then redis.call('INCRBY', key, -math.min(math.max(used, 0), quota.cost)) end
end

local function token_decide(key, quota, takes)
  if quota.limit == 0 then return { 0, 0, 0, quota.window, quota.window, 0 } end
  local stored = tonumber(redis.call('GET', key))
  local missing = math.max(0, (stored or now) - now)
  local capacity = quota.interval * quota.burst
  local wanted = missing + quota.interval * quota.cost
  local passed = wanted <= capacity
  if passed then
    missing = wanted
    if takes then set(key, whole(now + missing), now + missing) end
  end
  local remaining = math.floor((capacity - missing) / quota.interval)
  return {
    passed and 1 or 0, quota.burst - remaining, remaining, math.min(missing, quota.window),
    math.max(0, wanted - capacity), stored and 0 or 1,
  }
end

function token.peek(key, quota) return token_decide(key, quota, false) end
function token.take(key, quota) return token_decide(key, quota, true) end
function token.was_open(_, answer) return answer[1] == 1 end

function token.give_back(key, quota)
  local stored = tonumber(redis.call('GET', key))
  if not stored then return end
  local full = stored - quota.interval * quota.cost
  if full <= now then redis.call('DEL', key) else set(key, whole(full), full) end
end

local function counts_at(key, quota)
  local stored = redis.call('GET', key)
  if not stored then return { previous = 0, current = 0, start = now, elapsed = 0, first = true } end
  local start, previous, current = stored:match('^(%d+):(%d+):(%d+)$')
  local counts = { start = tonumber(start), previous = tonumber(previous), current = tonumber(current) }
  if now - counts.start >= quota.window then
    counts = { start = counts.start + quota.window, previous = counts.current, current = 0 }
  end
  counts.elapsed = now - counts.start
  return counts
end

local function keep(key, quota, counts)
  local text = whole(counts.start) .. ':' .. whole(counts.previous) .. ':' .. whole(counts.current)
  set(key, text, counts.start + 2 * quota.window)
end

local function sliding_decide(key, quota, takes)
  local counts, window = counts_at(key, quota), quota.window
  local weighted = math.ceil(counts.previous * (window - counts.elapsed) / window)
  local passed = weighted + counts.current + quota.cost <= quota.limit
  if passed then
    counts.current = counts.current + quota.cost
    if takes then keep(key, quota, counts) end
  end
  local used = weighted + counts.current
  local reset = 0
  if counts.current > 0 then reset = 2 * window - counts.elapsed
  elseif counts.previous > 0 then reset = window - counts.elapsed end
  local function weighs_at_most(count, left)
    return math.ceil(math.max(0, count - left) * window / math.max(1, count))
  end
  local retry = 0
  if not passed then
    local left = quota.limit - counts.current - quota.cost
    if left >= 0 then retry = math.max(0, weighs_at_most(counts.previous, left) - counts.elapsed)
    else retry = window - counts.elapsed + weighs_at_most(counts.current, math.max(0, quota.limit - quota.cost)) end
  end
  return { passed and 1 or 0, used, math.max(0, quota.limit - used), reset, retry, counts.first and 1 or 0 }
end

function sliding.peek(key, quota) return sliding_decide(key, quota, false) end
function sliding.take(key, quota) return sliding_decide(key, quota, true) end
function sliding.was_open(_, answer) return answer[1] == 1 end

function sliding.give_back(key, quota)
  local counts = counts_at(key, quota)
  if counts.first then return end
  counts.current = math.max(0, counts.current - quota.cost)
  keep(key, quota, counts)
end

local algorithms = { fixed = fixed, token = token, sliding = sliding }
local quotas = {}
for index = 1, #KEYS do
  local at = 2 + (index - 1) * 8
  quotas[index] = {
    algorithm = algorithms[ARGV[at]], limit = tonumber(ARGV[at + 1]), window = tonumber(ARGV[at + 2]),
    cost = tonumber(ARGV[at + 3]), burst = tonumber(ARGV[at + 4]), interval = tonumber(ARGV[at + 5]),
    block_at = tonumber(ARGV[at + 6]), block_for = tonumber(ARGV[at + 7]),
  }
end

local answers = {}
if ARGV[1] == 'give_back' then
  for index, key in ipairs(KEYS) do quotas[index].algorithm.give_back(key, quotas[index]) end
  return answers
end
if ARGV[1] == 'take_all' then
  for index, key in ipairs(KEYS) do
    answers[index] = quotas[index].algorithm.peek(key, quotas[index])
    if answers[index][1] == 0 then return answers end
  end
end
for index, key in ipairs(KEYS) do
  local quota = quotas[index]
  answers[index] = quota.algorithm.take(key, quota)
  if ARGV[1] == 'take_all' then answers[index][1] = quota.algorithm.was_open(quota, answers[index]) and 1 or 0 end
  if answers[index][1] == 0 then break end
end
return answers
