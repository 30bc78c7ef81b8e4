"""Calls whose answers were lost: searched for in the simulator over real HTTP, recorded in a real Redis."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from config.settings import Settings, load
from sandbox.foreground import caller_settings
from sandbox.simulator.behavior import Behavior
from sandbox.simulator.process import Simulator
from tasks.codes import Code, State
from tasks.errors import Unknown
from tasks.fleet.capacity import Capacity
from tasks.fleet.pause import Pause, PauseReason
from tasks.followup.asking import Asking
from tasks.followup.follower import Follower
from tasks.followup.reconcile import Reconciler
from tasks.genesys.client import CallRequest, Genesys
from tasks.genesys.search import QUERY_PERMISSION, SEARCH_PERMISSION, VIEW_PERMISSION
from tasks.ledger.claim import Claim
from tasks.store import keys
from tests.support.ground import Ground, job

MAY_CALL = "conversation:call:add"
TO = "+12126660100"
EITHER_WAY = pytest.mark.parametrize(
    "permissions",
    [[SEARCH_PERMISSION], [QUERY_PERMISSION, VIEW_PERMISSION], [QUERY_PERMISSION]],
    ids=["attributes", "analytics", "analytics, flat conversation"],
)


class Fleet:
    """A ledger, a client and a reconciler, and calls that are placed without a worker."""

    def __init__(
        self, simulator: Simulator, redis: Redis, settings: Settings, capacity: Capacity | None = None
    ) -> None:
        self.simulator = simulator
        self.ground = Ground.over(redis, capacity=capacity)
        self.api = Genesys(settings)
        self.discarded: list[str] = []
        asking = Asking(tokens=self, pause=Pause(redis))
        stopping = threading.Event()
        self.reconciler = Reconciler(doubt=self.ground.doubt, asking=asking, api=self.api, stopping=stopping)
        self.follower = Follower(
            following=self.ground.following, tokens=self, api=self.api, pause=Pause(redis), stopping=stopping
        )

    def current(self) -> str:
        return self.api.request_token().access_token

    def discard(self, token: str) -> None:
        self.discarded.append(token)

    def request(self, claim: Claim, to: str, user: str, attributes: dict[str, str]) -> CallRequest:
        return CallRequest(
            job_id=claim.job.id,
            attempt=claim.fence,
            to=to,
            caller_id="",
            user_id=user,
            wrap_up_code_id="",
            attributes=attributes,
        )

    def place(self, name: str, *, to: str = TO, user: str = "user-1") -> str:
        """Place the call of a job, and return its conversation."""
        claim = self.send(name, to=to, user=user)
        placed = self.api.place_call(self.request(claim, to, user, {}), token=self.current())
        assert self.ground.end(claim, State.PLACED, Code.PLACED, conversation_id=placed.conversation_id)
        return placed.conversation_id

    def lose(self, name: str = "lost", *, to: str = TO, user: str = "user-1", rings: bool = True) -> Claim:
        """Place the call of a job, whose answer is lost; or lose the request."""
        claim = self.send(name, to=to, user=user)
        self.simulator.behave(faults={"close_rings" if rings else "close": 1.0})
        with pytest.raises(Unknown):
            self.api.place_call(self.request(claim, to, user, {}), token=self.current())
        self.simulator.behave(faults={})
        assert self.ground.end(claim, State.UNCONFIRMED, Code.CONNECTION_LOST)
        return claim

    def send(self, name: str, *, to: str, user: str) -> Claim:
        claim = self.ground.claim(job(name, to=to, user_id=user, batch="spring"))
        assert self.ground.ledger.send(claim, to=to, caller_id="", users=[user]).verdict == "go"
        return claim

    def search(self) -> bool:
        """Search for all jobs in doubt, as if their time had come."""
        redis = self.ground.redis
        waiting: Any = redis.zrange(keys.in_doubt, 0, -1)
        if waiting:
            redis.zadd(keys.in_doubt, dict.fromkeys(waiting, 0))
        return self.reconciler.step()

    def state(self, name: str = "lost") -> Any:
        return self.ground.state(name)

    def evidence(self, name: str = "lost") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ground.record(name).get("evidence", [])
        return found

    def retried(self) -> set[str]:
        """Retry all that are unconfirmed, with evidence; return those that are queued again."""
        ids = list(self.ground.records.ids([State.UNCONFIRMED], batch="spring"))
        changes = self.ground.cancel_retry.retry(self.ground.cancel_retry.look(ids), with_evidence=True)
        return {name for name, change in zip(ids, changes, strict=True) if change.done}

    def asked(self) -> list[str]:
        """The searches that were sent."""
        routes = [request["route"] for request in self.simulator.requests()]
        return [route for route in routes if "search" in route or "query" in route]


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    instant = {"contacting_s": 0, "contacting_timeout_s": 0, "dialing_s": 0, "talking_s": 0}
    with Simulator(profile="public", rate_limit=0, analytics_lag_s=0, search_lag_s=0, **instant) as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    running.reset()
    return running


@pytest.fixture
def settings(simulator: Simulator) -> Settings:
    return load(caller_settings(simulator.url, Behavior()) | {"GENESYS_CLOUD_PROFILE": "public"}, dotenv=None)


@pytest.fixture
def fleet(simulator: Simulator, real_redis: Redis, settings: Settings) -> Fleet:
    return Fleet(simulator, real_redis, settings)


@EITHER_WAY
def test_a_call_whose_answer_was_lost_is_found_and_followed(
    simulator: Simulator, fleet: Fleet, permissions: list[str]
) -> None:
    fleet.lose()
    simulator.behave(permissions=[MAY_CALL, *permissions])
    assert fleet.search()
    record = fleet.ground.record("lost")
    (call,) = simulator.calls()
    assert (record["state"], record["conversation_id"]) == ("placed", call["conversation_id"])
    simulator.behave(permissions=None)
    fleet.ground.advance(60)
    assert fleet.follower.step()
    assert fleet.ground.record("lost")["result"] == "answered"


@EITHER_WAY
def test_what_was_not_placed_is_retried_by_a_person_with_evidence_and_nothing_else_is(
    simulator: Simulator, fleet: Fleet, permissions: list[str]
) -> None:
    simulator.behave(permissions=[MAY_CALL, *permissions])
    fleet.lose(rings=False)
    fleet.lose("another", to="+12126660101", rings=False)
    assert fleet.search()
    assert [look.keys() for look in fleet.evidence()] == [{"at", "found"}]
    fleet.ground.advance(60)
    witness = fleet.place("later")
    assert fleet.search()
    assert fleet.evidence()[-1]["witness"] == witness
    assert fleet.retried() == set()
    fleet.ground.advance(121)
    fleet.place("much later")
    fleet.lose("recent", to="+12126660102", rings=False)
    assert fleet.search()
    assert fleet.retried() == {"lost", "another"}
    assert (fleet.state(), fleet.state("recent")) == ("queued", "unconfirmed")


@EITHER_WAY
def test_without_a_witness_there_is_no_evidence(simulator: Simulator, fleet: Fleet, permissions: list[str]) -> None:
    simulator.behave(permissions=[MAY_CALL, *permissions])
    fleet.lose(rings=False)
    for _ in range(4):
        fleet.search()
        fleet.ground.advance(200)
    assert len(fleet.evidence()) == 4
    assert not any("witness" in look for look in fleet.evidence())
    assert fleet.retried() == set()


@EITHER_WAY
def test_an_index_that_lags_behind_gives_no_evidence(
    simulator: Simulator, fleet: Fleet, permissions: list[str]
) -> None:
    """It shows no later call either, and once it does, it shows the lost call too."""
    simulator.behave(permissions=[MAY_CALL, *permissions], search_lag_s=3600, analytics_lag_s=3600)
    fleet.lose()
    for n in range(3):
        fleet.place(f"later-{n}")
        assert fleet.search()
    assert not any("witness" in look for look in fleet.evidence())
    assert fleet.retried() == set()
    simulator.behave(search_lag_s=0, analytics_lag_s=0)
    assert fleet.search()
    assert fleet.state() == "placed"


@EITHER_WAY
def test_two_jobs_for_one_number_at_one_time_get_their_own_calls(
    simulator: Simulator, fleet: Fleet, permissions: list[str]
) -> None:
    simulator.behave(permissions=[MAY_CALL, *permissions])
    own = fleet.place("answered")
    for name in ("lost-1", "lost-2"):
        fleet.lose(name)
    fleet.lose("not placed", rings=False)
    assert fleet.search()
    by_job = {call["job_id"]: call["conversation_id"] for call in simulator.calls()}
    for name in ("lost-1", "lost-2"):
        assert (fleet.state(name), fleet.ground.record(name)["conversation_id"]) == ("placed", by_job[name])
    assert fleet.state("not placed") == "unconfirmed"
    assert fleet.ground.record("answered")["conversation_id"] == own


@EITHER_WAY
def test_the_call_of_an_earlier_attempt_is_no_match_and_stops_a_retry(
    simulator: Simulator, fleet: Fleet, permissions: list[str]
) -> None:
    simulator.behave(permissions=[MAY_CALL, *permissions])
    first = fleet.lose()
    # A person was wrong.
    assert fleet.ground.retry("lost", not_placed=True).done
    second = fleet.lose(rings=False)
    assert second.fence > first.fence
    for n in range(3):
        assert fleet.search()
        fleet.ground.advance(121)
        fleet.place(f"later-{n}")
    call, *_ = simulator.calls()
    assert fleet.state() == "unconfirmed"
    assert len([look for look in fleet.evidence() if "witness" in look]) == 2
    assert fleet.evidence()[0]["other"] == call["conversation_id"]
    assert fleet.retried() == set()


def test_one_search_serves_all_jobs_of_that_time(simulator: Simulator, fleet: Fleet) -> None:
    for n in range(5):
        fleet.lose(f"lost-{n}", to=f"+1212666010{n}", user=f"user-{n}")
    assert fleet.search()
    assert {fleet.state(f"lost-{n}") for n in range(5)} == {"placed"}
    assert len(fleet.asked()) == 1


def test_all_pages_are_read(simulator: Simulator, fleet: Fleet) -> None:
    for n in range(60):
        fleet.place(f"job-{n}", user=f"user-{n}")
    fleet.lose()
    fleet.lose("not placed", to="+12126660101", rings=False)
    fleet.lose("last", to="+12126660102")
    assert fleet.search()
    assert (fleet.state(), fleet.state("last")) == ("placed", "placed")
    assert len(fleet.asked()) == 2
    assert len(fleet.evidence("not placed")) == 1


def test_a_missing_permission_is_told_once_by_name(
    simulator: Simulator, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    simulator.behave(permissions=[MAY_CALL, QUERY_PERMISSION])
    fleet.lose()
    fleet.lose("not placed", to="+12126660101", rings=False)
    for _ in range(3):
        assert fleet.search()
    assert fleet.state() == "placed"
    (told,) = [record.getMessage() for record in caplog.records if "permission" in record.getMessage()]
    assert SEARCH_PERMISSION in told


def test_without_any_permission_nothing_is_searched_and_nothing_is_noted(
    simulator: Simulator, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    simulator.behave(permissions=[MAY_CALL])
    fleet.lose()
    assert fleet.search()
    asked = len(fleet.asked())
    assert not any(fleet.search() for _ in range(3))
    assert len(fleet.asked()) == asked
    told = [record.getMessage() for record in caplog.records if "permission" in record.getMessage()]
    assert [SEARCH_PERMISSION in told[0], QUERY_PERMISSION in told[1]] == [True, True]
    assert fleet.evidence() == []


@pytest.mark.parametrize("outage", ["server_error", "bad_gateway", "reset", "half_json", "forbidden_by_proxy"])
def test_an_outage_gives_no_evidence_and_is_told_once(
    simulator: Simulator, fleet: Fleet, caplog: pytest.LogCaptureFixture, outage: str
) -> None:
    fleet.lose(rings=False)
    simulator.behave(outage=outage)
    for _ in range(3):
        assert fleet.search()
    assert fleet.evidence() == []
    assert len([record for record in caplog.records if "search for calls failed" in record.getMessage()]) == 1


def test_a_429_pauses_the_fleet_and_a_refused_token_is_discarded(simulator: Simulator, fleet: Fleet) -> None:
    fleet.lose()
    simulator.behave(outage="token_refused")
    assert fleet.search()
    assert len(fleet.discarded) == 1
    simulator.behave(outage="rate_limited", retry_after_s=7)
    assert fleet.search()
    (entry,) = Pause(fleet.ground.redis).entries()
    assert entry.reason is PauseReason.RATE_LIMIT
    assert not fleet.search()


class TestNewsOfAnUnknownConversation:
    def test_it_binds_the_lost_call_that_it_names(self, simulator: Simulator, fleet: Fleet) -> None:
        claim = fleet.lose()
        marks = {"dialerJobId": "lost", "dialerAttempt": str(claim.fence)}
        for _ in range(2):
            fleet.reconciler.on_unknown("c-1", marks)
        assert fleet.ground.record("lost")["conversation_id"] == "c-1"

    @pytest.mark.parametrize(
        "attributes",
        [
            {},
            {"dialerJobId": "lost"},
            {"dialerJobId": "lost", "dialerAttempt": "7"},
            {"dialerJobId": "nobody", "dialerAttempt": "1"},
        ],
    )
    def test_and_nothing_else(self, fleet: Fleet, attributes: dict[str, str]) -> None:
        fleet.lose()
        fleet.reconciler.on_unknown("c-1", attributes)
        fleet.reconciler.on_unknown("", {"dialerJobId": "lost", "dialerAttempt": "1"})
        assert fleet.state() == "unconfirmed"

    def test_a_call_whose_answer_is_still_awaited_is_left_to_its_worker(self, fleet: Fleet) -> None:
        claim = fleet.send("lost", to=TO, user="user-1")
        fleet.reconciler.on_unknown("c-1", {"dialerJobId": "lost", "dialerAttempt": str(claim.fence)})
        assert fleet.state() == "sending"


def test_a_call_that_redis_forgot_is_found_again(simulator: Simulator, fleet: Fleet) -> None:
    fleet.lose()
    fleet.ground.redis.flushall()
    assert fleet.ground.ledger.replay() == ["lost"]
    assert fleet.search()
    assert fleet.state() == "placed"
    (call,) = simulator.calls()
    assert fleet.ground.record("lost")["conversation_id"] == call["conversation_id"]


class TestUsers:
    """One lost answer must not stop a fleet of one user."""

    @pytest.fixture
    def fleet(self, simulator: Simulator, real_redis: Redis, settings: Settings) -> Fleet:
        return Fleet(simulator, real_redis, settings, Capacity(calls_per_user=1, users=("user-1",)))

    def held(self, fleet: Fleet) -> bool:
        return bool(fleet.ground.redis.hexists(keys.users_calls, "user-1"))

    @pytest.mark.parametrize("permissions", [[SEARCH_PERMISSION], []])
    def test_a_user_whose_summary_shows_no_call_is_free(
        self, simulator: Simulator, fleet: Fleet, permissions: list[str]
    ) -> None:
        fleet.lose(rings=False)
        simulator.behave(permissions=[MAY_CALL, *permissions])
        assert self.held(fleet)
        for _ in range(2):
            assert fleet.search()
        assert not self.held(fleet)
        assert fleet.state() == "unconfirmed"

    def test_a_user_with_a_call_is_not(self, simulator: Simulator, fleet: Fleet) -> None:
        simulator.behave(talking_s=3600, search_lag_s=3600)
        fleet.lose()
        assert fleet.search()
        assert self.held(fleet)
        simulator.behave(search_lag_s=0)
        assert fleet.search()
        assert (fleet.state(), self.held(fleet)) == ("placed", True)
