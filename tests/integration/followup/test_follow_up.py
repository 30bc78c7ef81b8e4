"""What became of placed calls, asked of the simulator over real HTTP, and recorded in a real Redis."""

import threading
from collections.abc import Iterator

import pytest
from redis import Redis

from config.settings import Settings, load
from sandbox.foreground import caller_settings
from sandbox.simulator.behavior import Behavior
from sandbox.simulator.process import Simulator
from tasks.fleet.pause import Pause, PauseReason
from tasks.followup.follower import Follower
from tasks.genesys.client import Genesys
from tasks.genesys.legs import users_of
from tasks.genesys.look_up import SOURCES, LookUpSource, NoNews
from tests.support.followup import OwnTokens, place
from tests.support.ground import Ground

#: Magic number -> the result that a source with codes tells, and the result of the flat form, which has none.
ENDINGS = {
    "+12125550100": ("answered", "answered"),
    "+12125550101": ("busy", "unanswered"),
    "+12125550102": ("no_answer", "unanswered"),
    "+12125550103": ("invalid_number", "unanswered"),
    "+12125550104": ("answered", "answered"),
    "+12125550105": ("declined", "unanswered"),
    "+12125550106": ("agent_missed", "agent_missed"),
    "+12125550107": ("answered", "answered"),
    "+12125550108": ("invalid_number", "invalid_number"),
}
ANALYTICS, CONVERSATION, _FLAT = SOURCES
PERMISSIONS = [ANALYTICS.permission, CONVERSATION.permission]
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    instant = {"contacting_s": 0, "contacting_timeout_s": 0, "dialing_s": 0, "talking_s": 0, "analytics_lag_s": 0}
    with Simulator(profile="public", rate_limit=0, **instant) as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    running.reset()
    return running


@pytest.fixture
def settings(simulator: Simulator) -> Settings:
    return load(caller_settings(simulator.url, Behavior()) | {"GENESYS_CLOUD_PROFILE": "public"}, dotenv=None)


@pytest.fixture
def api(settings: Settings) -> Genesys:
    return Genesys(settings)


@pytest.fixture
def ground(real_redis: Redis) -> Ground:
    return Ground.over(real_redis)


@pytest.fixture
def tokens(api: Genesys) -> OwnTokens:
    return OwnTokens(api)


@pytest.fixture
def follower(ground: Ground, api: Genesys, tokens: OwnTokens) -> Follower:
    return Follower(
        following=ground.following, tokens=tokens, api=api, pause=Pause(ground.redis), stopping=threading.Event()
    )


def look_ups(simulator: Simulator) -> list[str]:
    return [request["route"] for request in simulator.requests() if request["route"].startswith("GET")]


@pytest.mark.parametrize("lacking", [0, 1, 2])
def test_each_call_gets_its_result_from_the_best_source_that_the_client_may_use(
    simulator: Simulator, ground: Ground, api: Genesys, follower: Follower, lacking: int
) -> None:
    for number in ENDINGS:
        place(ground, api, number)
    simulator.behave(permissions=PERMISSIONS[lacking:])
    for _ in range(len(ENDINGS) + lacking + 1):
        ground.advance(60)
        follower.step()
    found = {number: ground.record(number)["result"] for number in ENDINGS}
    assert found == {number: results[lacking == 2] for number, results in ENDINGS.items()}
    assert sum(ground.records.results("spring").values()) == len(ENDINGS)
    # One request for all of them, where the source allows it.
    assert len(look_ups(simulator)) == (1 if lacking == 0 else lacking + len(ENDINGS))


def test_a_missing_permission_is_told_once_by_name(
    simulator: Simulator, ground: Ground, api: Genesys, follower: Follower, caplog: pytest.LogCaptureFixture
) -> None:
    for number in list(ENDINGS)[:3]:
        place(ground, api, number)
    simulator.behave(permissions=PERMISSIONS[1:])
    for _ in range(5):
        ground.advance(60)
        follower.step()
    told = [record.getMessage() for record in caplog.records if "permission" in record.getMessage()]
    assert len(told) == 1
    assert ANALYTICS.permission in told[0]


def test_a_call_that_goes_on_is_looked_at_until_it_ends(
    simulator: Simulator, ground: Ground, api: Genesys, follower: Follower
) -> None:
    simulator.behave(talking_s=3600)
    place(ground, api, "+12125550100")
    ground.advance(60)
    assert follower.step()
    assert ground.record("+12125550100")["call_state"] == "connected"
    assert "result" not in ground.record("+12125550100")
    ground.advance(600)
    assert follower.step()


def test_what_analytics_does_not_show_yet_is_looked_at_later(
    simulator: Simulator, ground: Ground, api: Genesys, follower: Follower
) -> None:
    simulator.behave(analytics_lag_s=3600)
    place(ground, api, "+12125550101")
    ground.advance(60)
    assert follower.step()
    assert "result" not in ground.record("+12125550101")
    simulator.behave(analytics_lag_s=0)
    ground.advance(600)
    assert follower.step()
    assert ground.record("+12125550101")["result"] == "busy"


def test_a_429_pauses_the_fleet_because_the_limit_is_shared(
    simulator: Simulator, ground: Ground, api: Genesys, follower: Follower
) -> None:
    place(ground, api, "+12125550100")
    simulator.behave(outage="rate_limited", retry_after_s=7)
    ground.advance(60)
    assert follower.step()
    (entry,) = Pause(ground.redis).entries()
    assert (entry.reason, round((entry.until - entry.since).total_seconds())) == (  # type: ignore[operator]
        PauseReason.RATE_LIMIT,
        7,
    )


def test_a_token_that_is_refused_is_discarded(
    simulator: Simulator, ground: Ground, api: Genesys, follower: Follower, tokens: OwnTokens
) -> None:
    place(ground, api, "+12125550100")
    simulator.behave(outage="token_refused")
    ground.advance(60)
    assert follower.step()
    assert len(tokens.discarded) == 1


@pytest.mark.parametrize("outage", ["server_error", "bad_gateway", "reset", "half_json", "forbidden_by_proxy"])
def test_whatever_else_fails_is_told_once_and_tried_again(
    simulator: Simulator,
    ground: Ground,
    api: Genesys,
    follower: Follower,
    caplog: pytest.LogCaptureFixture,
    outage: str,
) -> None:
    place(ground, api, "+12125550101")
    simulator.behave(outage=outage)
    for _ in range(3):
        ground.advance(600)
        assert follower.step()
    assert len([record for record in caplog.records if "look-up" in record.getMessage()]) == 1
    assert "result" not in ground.record("+12125550101")
    simulator.behave(outage="")
    ground.advance(600)
    follower.step()
    assert ground.record("+12125550101")["result"] == "busy"


@pytest.mark.parametrize("source", SOURCES)
def test_a_conversation_that_does_not_exist_is_no_news(api: Genesys, source: object) -> None:
    assert api.look_up(source, [UNKNOWN], token=api.request_token().access_token) == {}  # type: ignore[arg-type]


@pytest.mark.parametrize("source", SOURCES)
def test_each_source_names_the_user(api: Genesys, ground: Ground, source: LookUpSource) -> None:
    conversation = place(ground, api, "+12125550100", user="user-7")
    found = api.look_up(source, [conversation], token=api.request_token().access_token)
    assert users_of(found[conversation]) == {"user-7"}


def test_no_answer_is_no_news(settings: Settings, simulator: Simulator, api: Genesys) -> None:
    token = api.request_token().access_token
    simulator.behave(outage="reset")
    with pytest.raises(NoNews) as caught:
        api.look_up(ANALYTICS, [UNKNOWN], token=token)
    assert caught.value.status is None
