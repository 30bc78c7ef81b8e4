"""The pace, tested through its Lua functions with a simulated clock: no window of the server is ever exceeded."""

from collections.abc import Iterator
from itertools import count, pairwise
from typing import Any

import fakeredis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis

from config.settings import RateLimit
from tasks.fleet.pace import Pace
from tasks.store.scripts import assemble

# A script that calls each function under test, with the time as an argument.
_SCRIPT = assemble("""-- uses: clock pace
local now = tonumber(ARGV[2])
if ARGV[1] == 'reserve' then
  local slot, ticket = reserve(KEYS[1], now, tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]))
  return { exact(slot), ticket }
end
apply_reading(KEYS[1], now, tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]))
""")


class Server:
    """A fixed window that begins with the first request, as in Genesys Cloud; times are in ms."""

    def __init__(self, limit: int, window_ms: float, opened_ms: float) -> None:
        self.limit, self.window_ms = limit, window_ms
        self.ends_ms, self.count, self.refused = opened_ms + window_ms, 0, 0

    def ask(self, now: float, requests: int = 1) -> tuple[int, int, float]:
        """Count one or more requests; return (count, allowed, reset in whole seconds, rounded up)."""
        if now >= self.ends_ms:
            self.ends_ms, self.count = now + self.window_ms, 0
        if self.count + requests > self.limit:
            self.refused += 1
        self.count += requests
        return self.count, self.limit, -(-(self.ends_ms - now) // 1000)


class Fleet:
    """Workers that reserve slots and read the answers."""

    def __init__(self, redis: Redis, limit: RateLimit) -> None:
        redis.flushall()
        self.script = redis.register_script(_SCRIPT)
        self.pace = Pace.of(limit)

    def slot(self, now: float) -> tuple[float, int]:
        pace = self.pace
        args: list[Any] = ["reserve", now, pace.interval_s * 1000, 10**9, pace.late_s * 1000]
        reply: Any = self.script(keys=["pace"], args=args)
        return float(reply[0]), int(reply[1])

    def read(self, now: float, ticket: int, reading: tuple[int, int, float]) -> None:
        count, allowed, reset_s = reading
        told: Any = ["follow", now, ticket, count, allowed, reset_s * 1000]
        self.script(keys=["pace"], args=told)


def converse(
    fleet: Fleet, server: Server, *, latency: float, jitter: list[float], strangers: list[int]
) -> Iterator[tuple[int, float]]:
    """Send one request per slot, in one window for each share that a stranger takes; yield how many requests were
    refused, and when the request arrived.

    Requests arrive after their slots, by a part of the allowance; answers are read `latency` ms later.
    """
    readings: list[tuple[float, int, tuple[int, int, float]]] = []
    spent_until, now, windows = server.ends_ms, 0.0, iter(strangers)

    def read() -> None:
        while readings and readings[0][0] <= now:
            fleet.read(*readings.pop(0))

    for n in count():
        read()
        slot, ticket = fleet.slot(now)
        now = max(now, slot)
        read()
        now += jitter[n % len(jitter)] * min(fleet.pace.late_s, fleet.pace.interval_s) * 1000
        reading = server.ask(now)
        if server.ends_ms != spent_until:  # a new window: the stranger sends right after the fleet
            spent_until = server.ends_ms
            share = next(windows, None)
            if share is None:
                return
            server.ask(now, share)
        readings.append((now + latency, ticket, reading))
        yield server.refused, now


@pytest.fixture(scope="module")
def redis() -> Redis:
    return fakeredis.FakeRedis(decode_responses=True)


LIMITS = st.sampled_from(
    [RateLimit(count=200, period_s=4), RateLimit(count=300, period_s=60), RateLimit(count=5, period_s=1)]
)


@settings(max_examples=40, deadline=None)
@given(
    limit=LIMITS,
    phase=st.floats(0, 1),
    gaps=st.lists(st.one_of(st.just(0.0), st.floats(0, 3000)), min_size=50, max_size=400),
    jitter=st.lists(st.floats(0, 1), min_size=50, max_size=400),
)
def test_no_window_of_any_phase_is_exceeded(
    redis: Redis, limit: RateLimit, phase: float, gaps: list[float], jitter: list[float]
) -> None:
    """Requests arrive in any pattern, each late by up to the allowance."""
    fleet = Fleet(redis, limit)
    server = Server(limit.count, limit.period_s * 1000, opened_ms=-phase * limit.period_s * 1000)
    now, arrivals = 0.0, []
    for n, gap in enumerate(gaps):
        now += gap
        slot, _ = fleet.slot(now)
        arrivals.append(slot + jitter[n % len(jitter)] * fleet.pace.late_s * 1000)
    for at in sorted(arrivals):
        server.ask(at)
    assert server.refused == 0


@pytest.mark.parametrize("limit", [RateLimit(count=200, period_s=4), RateLimit(count=300, period_s=60)])
def test_nearly_all_of_the_limit_is_used(redis: Redis, limit: RateLimit) -> None:
    fleet = Fleet(redis, limit)
    slots = [fleet.slot(0.0)[0] for _ in range(3 * limit.count)]
    rate = len(slots) / (slots[-1] / 1000 + fleet.pace.interval_s)
    assert rate / (limit.count / limit.period_s) >= 0.98


@settings(max_examples=12, deadline=None)
@given(
    phase=st.floats(0, 1),
    strangers=st.lists(st.integers(0, 150), min_size=6, max_size=6),
    latency=st.floats(1, 500),
    jitter=st.lists(st.floats(0, 1), min_size=1, max_size=50),
)
def test_what_a_stranger_spends_is_left_to_it(
    redis: Redis, phase: float, strangers: list[int], latency: float, jitter: list[float]
) -> None:
    """Another client takes a part of each window; the fleet learns it from the answers, and keeps the limit."""
    limit = RateLimit(count=200, period_s=4)
    fleet = Fleet(redis, limit)
    server = Server(limit.count, 4000, opened_ms=-phase * 4000)
    for refused, _ in converse(fleet, server, latency=latency, jitter=jitter, strangers=strangers):
        assert not refused


@pytest.mark.parametrize("limit", [RateLimit(count=200, period_s=4), RateLimit(count=300, period_s=60)], ids=str)
@pytest.mark.parametrize("latency", [50, 500])
def test_answers_that_take_long_do_not_slow_the_fleet(redis: Redis, limit: RateLimit, latency: float) -> None:
    """Without other clients, the fleet does not wait for windows: it uses at least 98 % of the limit."""
    fleet = Fleet(redis, limit)
    server = Server(limit.count, limit.period_s * 1000, opened_ms=0)
    asked = list(converse(fleet, server, latency=latency, jitter=[0.1, 0.4, 0.0, 0.7], strangers=[0] * 2))
    times = [at for _, at in asked]
    assert (len(times) - 1) / (times[-1] - times[0]) * 1000 / (limit.count / limit.period_s) >= 0.98
    assert server.refused == 0


def test_what_the_window_still_has_is_used(redis: Redis) -> None:
    """Another client took 150 of 200: the fleet sends exactly the other 50 before the window ends."""
    fleet = Fleet(redis, RateLimit(count=200, period_s=4))
    server = Server(200, 4000, opened_ms=0)
    server.ask(0.0, 150)
    now = 10.0
    while True:
        slot, ticket = fleet.slot(now)
        if slot >= 4000:
            break
        now = slot
        fleet.read(now + 5, ticket, server.ask(now))
    assert (server.count, server.refused) == (200, 0)


def test_what_the_window_still_has_is_spread_over_it(redis: Redis) -> None:
    """Otherwise the fleet would send nothing from then on until the window ends."""
    fleet = Fleet(redis, RateLimit(count=200, period_s=4))
    _, ticket = fleet.slot(0.0)
    fleet.read(0.0, ticket, (151, 200, 4.0))
    slots = [fleet.slot(0.0)[0] for _ in range(49)]
    gaps = [after - before for before, after in pairwise(slots)]
    assert 2 * fleet.pace.interval_s * 1000 < min(gaps) <= max(gaps) < 100


def test_an_answer_that_was_overtaken_tells_nothing(redis: Redis) -> None:
    """It was written earlier, when more requests were left."""
    fleet = Fleet(redis, RateLimit(count=200, period_s=4))
    tickets = [fleet.slot(0.0)[1] for _ in range(2)]
    fleet.read(50.0, tickets[1], (200, 200, 4.0))
    fleet.read(60.0, tickets[0], (1, 200, 4.0))
    assert fleet.slot(70.0)[0] > 3900


def test_a_slot_too_far_away_is_not_taken(redis: Redis) -> None:
    fleet = Fleet(redis, RateLimit(count=1, period_s=10))
    script: Any = fleet.script
    first = script(keys=["pace"], args=["reserve", 0, 10_000, 3000, 50])
    second = script(keys=["pace"], args=["reserve", 0, 10_000, 3000, 50])
    third = script(keys=["pace"], args=["reserve", 0, 10_000, 3000, 50])
    assert (float(first[0]), float(second[0]), float(third[0])) == (0, 10_000, 10_000)


def test_a_clock_that_is_set_back_does_not_stop_the_fleet(redis: Redis) -> None:
    fleet = Fleet(redis, RateLimit(count=200, period_s=4))
    hour = 3_600_000.0
    _, ticket = fleet.slot(2 * hour)
    fleet.read(2 * hour, ticket, (200, 200, 4.0))
    assert fleet.slot(2 * hour)[0] >= 2 * hour + 4000, "the server's window is used up"
    slots = [fleet.slot(hour)[0] for _ in range(3)]
    assert slots[0] == hour
    assert slots[2] < hour + 1000
