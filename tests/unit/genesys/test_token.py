import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import fakeredis
import pytest
from redis import Redis, RedisError

from config.logging import mask
from tasks.codes import Code
from tasks.errors import NotPlaced
from tasks.genesys.oauth import Grant
from tasks.genesys.token import TokenCache, remaining_s

DAY_S = 86_400.0
CLIENT = {"client_id": "client", "login_url": "https://login.example"}


class Endpoint:
    """A token endpoint that counts its requests. It gives `answers` in order, then tokens with `life_s`."""

    def __init__(self, *answers: Grant | BaseException | Callable[[], Grant], life_s: float = DAY_S) -> None:
        self.answers = list(answers)
        self.life_s = life_s
        self.asked = 0

    def __call__(self) -> Grant:
        self.asked += 1
        answer = self.answers.pop(0) if self.answers else Grant(f"token-{self.asked}", self.life_s)
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, Grant) else answer()


class Sleep:
    """Does not sleep, but records the durations and calls `meanwhile`."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.slept: list[float] = []
        self.meanwhile = meanwhile

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.meanwhile()


class Fleet:
    """Workers on one Redis."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    def remaining_s(self) -> float | None:
        return remaining_s(self.redis, **CLIENT)

    def worker(self, endpoint: Callable[[], Grant], **changed: Any) -> TokenCache:
        options: dict[str, Any] = {
            **CLIENT,
            "sleep": Sleep(),
            **changed,
        }
        return TokenCache(self.redis, fetch=endpoint, **options)

    def key(self, ending: str = "") -> str:
        """The current key of this kind, or ""."""
        kinds = ("lock", "failure")
        found = [key for key in self.redis.scan_iter("dialer:token:*") if not key.endswith(kinds)]
        if ending:
            found = list(self.redis.scan_iter(f"dialer:token:*:{ending}"))
        assert len(found) <= 1
        return found[0] if found else ""

    def age(self, left_s: float) -> None:
        """Let time pass until the token may be used for only `left_s` more."""
        assert self.redis.pexpire(self.key(), int(left_s * 1000))


@pytest.fixture
def fleet(redis_client: Redis) -> Fleet:
    return Fleet(redis_client)


@pytest.fixture(autouse=True)
def no_token_in_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG):
        yield
    assert "token-" not in caplog.text


def unavailable(message: str = "down", retry_after_s: float | None = None) -> NotPlaced:
    return NotPlaced(Code.TOKEN_UNAVAILABLE, message, retry_after_s=retry_after_s)


def refused(message: str = "no such client") -> NotPlaced:
    return NotPlaced(Code.CREDENTIALS_REFUSED, message)


def test_one_request_serves_all_workers(fleet: Fleet) -> None:
    endpoint = Endpoint()
    one, two = fleet.worker(endpoint), fleet.worker(endpoint)
    assert fleet.remaining_s() is None
    assert [one.current(), two.current(), one.current()] == ["token-1"] * 3
    assert endpoint.asked == 1
    assert not fleet.key("lock")
    assert fleet.remaining_s() == pytest.approx(DAY_S - 30, abs=5)


@pytest.mark.parametrize("other", [{"client_id": "other"}, {"login_url": "https://login.example.ie"}])
def test_another_client_has_another_token(fleet: Fleet, other: dict[str, str]) -> None:
    endpoint = Endpoint()
    assert fleet.worker(endpoint).current() == "token-1"
    assert fleet.worker(endpoint, **other).current() == "token-2"


@pytest.mark.parametrize(
    ("life_s", "used_s", "refreshed_at_s"),
    [
        (DAY_S, DAY_S - 30, 270),
        (300.0, 285, 15),
        (20.0, 19, 1),
        (48 * 3600.0, 48 * 3600 - 30, 270),
        (1e308, 48 * 3600 - 30, 270),
        (float("inf"), 48 * 3600 - 30, 270),
    ],
)
def test_lifetimes(fleet: Fleet, life_s: float, used_s: float, refreshed_at_s: float) -> None:
    fleet.worker(Endpoint(life_s=life_s)).current()
    left_s = float(fleet.redis.pttl(fleet.key())) / 1000
    assert used_s - 5 < left_s <= used_s
    assert fleet.redis.hget(fleet.key(), "refresh_ms") == str(int(refreshed_at_s * 1000))


@pytest.mark.parametrize(
    "grant",
    [
        *(Grant("token-0", life) for life in (0.0, -1.0, 0.0001, float("nan"), float("-inf"))),
        Grant("", DAY_S),
    ],
)
def test_a_useless_token_is_asked_for_a_few_times_and_no_more(fleet: Fleet, grant: Grant) -> None:
    endpoint = Endpoint(*[grant] * 9)
    with pytest.raises(NotPlaced) as caught:
        fleet.worker(endpoint).current()
    assert caught.value.code is Code.TOKEN_UNAVAILABLE
    assert endpoint.asked == 3


def test_the_time_that_the_request_took_is_off_the_life(fleet: Fleet) -> None:
    def slow() -> Grant:
        time.sleep(0.2)
        return Grant("token-1", 20.0)

    worker = fleet.worker(slow)
    worker.current()
    left_s = fleet.remaining_s()
    assert left_s is not None
    assert left_s <= 19 - 0.2


def test_one_refreshes_early_while_the_others_go_on_without_waiting(fleet: Fleet) -> None:
    others: list[str] = []
    sleep = Sleep()

    def slow() -> Grant:
        others.extend(fleet.worker(never, sleep=sleep).current() for _ in range(3))
        return Grant("token-2", DAY_S)

    never = Endpoint(AssertionError("a second request"))
    fleet.worker(Endpoint()).current()
    fleet.age(271)
    assert fleet.worker(never).current() == "token-1"
    fleet.age(269)
    assert fleet.worker(Endpoint(slow)).current() == "token-2"
    assert others == ["token-1"] * 3
    assert (never.asked, sleep.slept) == (0, [])
    assert fleet.worker(never).current() == "token-2"


@pytest.mark.parametrize("error", [refused(), unavailable(retry_after_s=1.0), ValueError("a defect")])
def test_the_old_token_is_used_when_it_cannot_be_refreshed(fleet: Fleet, error: Exception) -> None:
    fleet.worker(Endpoint()).current()
    fleet.age(100)
    endpoint = Endpoint(error)
    assert [fleet.worker(endpoint).current() for _ in range(3)] == ["token-1"] * 3
    assert endpoint.asked == 1, "it is not retried, and the next worker does not repeat it"
    fleet.redis.delete(fleet.key("failure"))
    assert fleet.worker(endpoint).current() == "token-2"


def test_a_refused_token_costs_one_refresh_and_never_the_new_one(fleet: Fleet) -> None:
    endpoint = Endpoint()
    workers = [fleet.worker(endpoint) for _ in range(8)]
    failed = [worker.current() for worker in workers]
    for worker, token in zip(workers, failed, strict=True):
        worker.discard(token)
        assert worker.current() == "token-2"
    assert endpoint.asked == 2


def test_discarding_when_there_is_none_is_harmless(fleet: Fleet) -> None:
    fleet.worker(Endpoint()).discard("token-0")
    assert fleet.key() == ""


def test_a_cold_worker_waits_for_the_one_that_asks(fleet: Fleet) -> None:
    asking, answered = threading.Event(), threading.Event()

    def slow() -> Grant:
        asking.set()
        assert answered.wait(10)
        return Grant("token-1", DAY_S)

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(fleet.worker(Endpoint(slow)).current)
        assert asking.wait(10)

        def meanwhile() -> str:
            answered.set()
            return first.result(10)

        sleep = Sleep(meanwhile)
        assert fleet.worker(Endpoint(AssertionError()), sleep=sleep).current() == "token-1"
    assert len(sleep.slept) == 1


def test_waiting_ends_and_so_does_a_dead_workers_lock(fleet: Fleet) -> None:
    lock_s: list[float] = []

    def dies() -> Grant:
        lock_s.append(float(fleet.redis.pttl(fleet.key("lock"))) / 1000)
        owners.append(str(fleet.redis.get(fleet.key("lock"))))
        raise ValueError

    owners: list[str] = []
    worker = fleet.worker(Endpoint(dies), wait_s=0.4, fetch_s=3.0)
    with pytest.raises(ValueError):
        worker.current()
    assert 0.2 + 3.0 < lock_s[0] <= 0.2 + 3.0 + 1.0
    # Now as if the worker had died there: the lock stays, and no failure was stored.
    lock = fleet.key("failure").replace("failure", "lock")
    fleet.redis.delete(fleet.key("failure"))
    fleet.redis.set(lock, owners[0], px=60_000)
    endpoint = Endpoint()
    waiting = fleet.worker(endpoint, wait_s=0.4, sleep=threading.Event().wait)
    with pytest.raises(NotPlaced, match=r"Another worker .* 0\.4 s") as caught:
        waiting.current()
    assert (caught.value.code, endpoint.asked) == (Code.TOKEN_UNAVAILABLE, 0)
    fleet.redis.pexpire(lock, 1)
    assert waiting.current() == "token-1"


def test_a_worker_frozen_beyond_its_lock_takes_the_token_that_is_there(fleet: Fleet) -> None:
    def frozen() -> Grant:
        fleet.redis.delete(fleet.key("lock"))
        assert fleet.worker(Endpoint(Grant("token-9", DAY_S))).current() == "token-9"
        return Grant("token-1", DAY_S)

    assert fleet.worker(Endpoint(frozen)).current() == "token-9"


def test_a_frozen_workers_failure_leaves_the_next_lock_alone(fleet: Fleet) -> None:
    def frozen() -> Grant:
        fleet.redis.set(fleet.key("lock"), "another", px=60_000)
        raise refused()

    with pytest.raises(NotPlaced):
        fleet.worker(Endpoint(frozen)).current()
    assert fleet.redis.get(fleet.key("lock")) == "another"
    assert fleet.key("failure") == ""


@pytest.mark.parametrize(
    ("error", "asked"),
    [(refused(), 1), (unavailable(), 3), (unavailable(retry_after_s=30), 1)],
)
def test_a_failure_is_shared_by_the_fleet_for_a_short_time(fleet: Fleet, error: NotPlaced, asked: int) -> None:
    endpoint = Endpoint(*[error] * asked)
    for _ in range(4):
        with pytest.raises(NotPlaced) as caught:
            fleet.worker(endpoint).current()
        assert (caught.value.code, caught.value.message) == (error.code, error.message)
        assert caught.value.retry_after_s == pytest.approx(error.retry_after_s, abs=2)
    assert endpoint.asked == asked
    assert not fleet.key("lock")
    assert fleet.redis.pttl(fleet.key("failure")) == pytest.approx(1000 * (error.retry_after_s or 2), abs=500)
    fleet.redis.delete(fleet.key("failure"))
    assert fleet.worker(endpoint).current() == f"token-{asked + 1}"


def test_a_failure_is_not_remembered_for_hours(fleet: Fleet) -> None:
    with pytest.raises(NotPlaced):
        fleet.worker(Endpoint(unavailable(retry_after_s=1e9))).current()
    assert fleet.redis.pttl(fleet.key("failure")) == pytest.approx(300_000, abs=500)


def test_a_passing_fault_is_tried_again_as_the_endpoint_asks(fleet: Fleet) -> None:
    sleep = Sleep()
    endpoint = Endpoint(unavailable(retry_after_s=1.5), unavailable())
    assert fleet.worker(endpoint, sleep=sleep).current() == "token-3"
    assert sleep.slept[0] == 1.5
    assert 0.1 <= sleep.slept[1] <= 0.5


@pytest.mark.parametrize("error", [ValueError("a defect"), KeyboardInterrupt()])
def test_a_defect_releases_the_lock_and_is_not_repeated_at_once(fleet: Fleet, error: BaseException) -> None:
    endpoint = Endpoint(error)
    with pytest.raises(type(error)):
        fleet.worker(endpoint).current()
    with pytest.raises(NotPlaced) as caught:
        fleet.worker(endpoint).current()
    assert caught.value.code is Code.TOKEN_UNAVAILABLE
    assert endpoint.asked == 1
    assert not fleet.key("lock")


@pytest.mark.parametrize("error", [None, refused()])
def test_many_cold_threads_make_one_request(fleet: Fleet, error: NotPlaced | None) -> None:
    endpoint = Endpoint(*[error] if error else [])
    worker = fleet.worker(endpoint, sleep=threading.Event().wait)
    start = threading.Barrier(32)

    def dial() -> str:
        start.wait(10)
        try:
            return worker.current()
        except NotPlaced as e:
            return e.message

    with ThreadPoolExecutor(32) as threads:
        answers = [thread.result() for thread in [threads.submit(dial) for _ in range(32)]]
    assert set(answers) == {error.message if error else "token-1"}
    assert endpoint.asked == 1


def test_scripts_are_safe_to_replay_and_to_lose(fleet: Fleet) -> None:
    """redis-py repeats a command whose reply was lost; a restarted Redis has no scripts."""
    scripts = fleet.worker(Endpoint())._scripts
    token, lock, failure = (f"dialer:token:{name}" for name in ("a", "l", "f"))

    def take(owner: str) -> Any:
        return scripts["take"](keys=[token, lock, failure], args=[owner, 60_000])

    def store() -> Any:
        return scripts["store"](keys=[token, lock], args=["me", "token-1", 60_000, 0])

    assert [take("me"), take("me"), take("you")] == [["fetch", ""], ["fetch", ""], ["wait"]]
    fleet.redis.script_flush()
    assert [store(), store()] == ["token-1"] * 2
    scripts["fail"](keys=[lock, failure], args=["me", "refused", "no", 0, 60_000])
    assert take("me") == ["use", "token-1"]
    assert fleet.redis.exists(lock, failure) == 0


def test_nothing_shows_the_token(fleet: Fleet) -> None:
    worker = fleet.worker(Endpoint())
    worker.current()
    assert "token-1" not in repr(worker) + repr(vars(worker))
    fleet.redis.hset(fleet.key(), "token", "another-workers-token")
    worker.current()
    assert mask("sent another-workers-token") == "sent ***", "fetched elsewhere, used and logged here"


def test_a_client_that_does_not_decode_is_named() -> None:
    with (
        fakeredis.FakeRedis(server=fakeredis.FakeServer()) as redis,
        pytest.raises(TypeError, match="decode_responses"),
    ):
        Fleet(redis).worker(Endpoint()).current()


def test_without_redis_there_is_no_token() -> None:
    server = fakeredis.FakeServer()
    with fakeredis.FakeRedis(server=server, decode_responses=True) as redis:
        server.connected = False
        fleet = Fleet(redis)
        worker = fleet.worker(Endpoint())
        for ask in (worker.current, fleet.remaining_s, lambda: worker.discard("token-0")):
            with pytest.raises(RedisError):
                ask()
