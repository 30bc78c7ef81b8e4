"""The token across real processes: eight workers, one Redis, one request."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import pytest
from redis import Redis

from tasks.codes import Code
from tasks.errors import NotPlaced
from tasks.genesys.oauth import Grant
from tasks.genesys.token import TokenCache

WORKERS = 8
SLOW_S = 0.5
SPAWN = multiprocessing.get_context("spawn")


class Turn(NamedTuple):
    """What one worker got, and the longest that one call of `current` took."""

    tokens: list[str]
    longest_s: float


class Worker:
    """One process' side; its token endpoint is a counter in Redis, so that it counts the whole fleet."""

    def __init__(self, redis: Redis, endpoint_takes_s: float = SLOW_S) -> None:
        self.redis = redis
        self.takes_s = endpoint_takes_s
        self.cache = TokenCache(
            redis,
            fetch=self.fetch,
            client_id="client",
            login_url="https://login.example",
            fetch_s=1.0,
            wait_s=3.0,
        )
        self.turn = Turn([], 0.0)

    def fetch(self) -> Grant:
        number = self.redis.incr("asked")
        self.redis.lpush("asking", os.getpid())
        time.sleep(self.takes_s)
        if self.redis.get("down"):
            raise NotPlaced(Code.TOKEN_UNAVAILABLE, "down", retry_after_s=10)
        return Grant(f"token-{number}", 86_400.0)

    def current(self) -> str:
        started = time.monotonic()
        try:
            token = self.cache.current()
        except NotPlaced as e:
            token = e.message
        took_s = time.monotonic() - started
        self.turn = Turn([*self.turn.tokens, token], max(took_s, self.turn.longest_s))
        return token


def once(worker: Worker) -> None:
    worker.current()


def many_times(worker: Worker) -> None:
    for _ in range(50):
        worker.current()


def meet_401(worker: Worker) -> None:
    """As calls do: some find the token refused long after others have."""
    time.sleep(os.getpid() % 8 * SLOW_S / 4)
    worker.cache.discard("token-1")
    worker.current()


def take_part(url: str, part: Callable[[Worker], None]) -> Turn:
    """Run `part` in this process at the same moment as in all others."""
    with Redis.from_url(url, decode_responses=True) as redis:
        worker = Worker(redis)
        redis.ping()
        redis.incr("ready")
        while int(redis.get("ready") or 0) < WORKERS:
            time.sleep(0.001)
        part(worker)
        return worker.turn


def hang_in_fetch(url: str) -> None:
    Worker(Redis.from_url(url, decode_responses=True), endpoint_takes_s=60).current()


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(WORKERS, mp_context=SPAWN) as pool:
        yield pool


class Fleet:
    def __init__(self, pool: ProcessPoolExecutor, url: str, redis: Redis) -> None:
        self.pool = pool
        self.url = url
        self.redis = redis

    def all(self, part: Callable[[Worker], None]) -> list[Turn]:
        self.redis.delete("ready")
        # Each part waits for all the others to be ready, so each has a process of its own.
        parts = [self.pool.submit(take_part, self.url, part) for _ in range(WORKERS)]
        return [turn.result(60) for turn in parts]

    def asked(self) -> int:
        return int(self.redis.get("asked") or 0)


@pytest.fixture
def fleet(processes: ProcessPoolExecutor, redis_url: str, real_redis: Redis) -> Fleet:
    return Fleet(processes, redis_url, real_redis)


def test_eight_cold_workers_make_one_token_request(fleet: Fleet) -> None:
    assert [turn.tokens for turn in fleet.all(once)] == [["token-1"]] * WORKERS
    assert fleet.asked() == 1


def test_eight_cold_workers_make_one_request_that_fails(fleet: Fleet) -> None:
    fleet.redis.set("down", 1)
    turns = fleet.all(once)
    assert [turn.tokens for turn in turns] == [["down"]] * WORKERS
    assert fleet.asked() == 1


def test_a_revoked_token_costs_the_fleet_one_refresh(fleet: Fleet) -> None:
    fleet.all(once)
    assert [turn.tokens for turn in fleet.all(meet_401)] == [["token-2"]] * WORKERS
    assert fleet.asked() == 2


def test_one_worker_refreshes_early_and_delays_no_other(fleet: Fleet) -> None:
    fleet.all(once)
    (token_key,) = fleet.redis.scan_iter("dialer:token:*")
    fleet.redis.pexpire(token_key, 200_000)
    turns = fleet.all(many_times)
    assert fleet.asked() == 2
    refreshers = [turn for turn in turns if turn.longest_s >= SLOW_S]
    assert len(refreshers) == 1
    assert set(refreshers[0].tokens) == {"token-2"}
    for turn in turns:
        assert turn.tokens == sorted(turn.tokens), "back to an old token"


def test_a_killed_holder_blocks_the_others_no_longer_than_its_lock(redis_url: str, real_redis: Redis) -> None:
    process = SPAWN.Process(target=hang_in_fetch, args=(redis_url,))
    process.start()
    try:
        assert real_redis.brpop(["asking"], timeout=30)
        (lock_key,) = real_redis.scan_iter("dialer:token:*:lock")
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.join(10)
    assert 0 < int(real_redis.pttl(lock_key)) <= 3500
    real_redis.pexpire(lock_key, 500)
    worker = Worker(real_redis, endpoint_takes_s=0)
    assert worker.current() == "token-2"
    assert worker.turn.longest_s < 3
