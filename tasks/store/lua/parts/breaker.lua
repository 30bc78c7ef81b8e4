-- uses: clock wake
-- Whether the fleet gets anywhere: what must not be sent to an API that does not answer, or refuses everybody.
--
-- hash health  unanswered   requests sent since the last answer
--              sent_ms, answered_ms  when the last request left, and when the last answer came
--              outage, refusal       how many failures, or refusals of the same code, came in a row
--              code         that code
--              open         the reason for which the fleet is stopped; from then on one probe at a time
--              distance_ms  between the last probe and the next
--              probe_ms     until when the one probe may be on the wire

local UNANSWERED = 10  -- more are not sent into silence
local SILENCE = 1000   -- ms without an answer that count as silence

-- ms to wait before a request may leave, or nil; the caller counts it with `sent`.
local function held_back(key, now, lease)
  local h = redis.call('HMGET', key, 'open', 'probe_ms', 'unanswered', 'answered_ms', 'sent_ms')
  if h[1] then
    local probe = tonumber(h[2]) or 0
    return probe > now and math.min(probe - now, SILENCE) or nil
  end
  local silent = now - (tonumber(h[4]) or 0) > SILENCE
  -- Nobody will answer for workers that died: after their lease, try again.
  local somebody_waits = now - (tonumber(h[5]) or 0) < lease
  if silent and somebody_waits and (tonumber(h[3]) or 0) >= UNANSWERED then
    return SILENCE / 2
  end
end

local function sent(key, now, lease)
  redis.call('HINCRBY', key, 'unanswered', 1)
  redis.call('HSET', key, 'sent_ms', exact(now))
  if redis.call('HEXISTS', key, 'open') == 1 then
    redis.call('HSET', key, 'probe_ms', exact(now + lease))
  end
end

-- A call was placed: all is well again.
local function recovered(key, pause, wake_key, now)
  if redis.call('HEXISTS', key, 'open') == 1 then
    redis.call('HDEL', pause, 'outage', 'credentials', 'refusal')
    wake(wake_key)
  end
  redis.call('HDEL', key, 'outage', 'refusal', 'code', 'open', 'distance_ms', 'probe_ms', 'unanswered')
  redis.call('HSET', key, 'answered_ms', exact(now))
end
