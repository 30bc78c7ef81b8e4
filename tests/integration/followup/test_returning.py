"""Users who missed three calls in a row get calls again when the simulator shows them as available."""

import threading
from typing import Any

import pytest
from redis import Redis

from config.settings import load
from sandbox.foreground import caller_settings
from sandbox.simulator.behavior import Behavior
from sandbox.simulator.process import Simulator
from tasks.fleet.aside import ASK_EVERY_S, Aside
from tasks.fleet.pause import Pause, PauseReason
from tasks.fleet.slots import Slots
from tasks.followup.asking import Asking
from tasks.followup.returning import Returning
from tasks.genesys.client import Genesys
from tasks.store import keys
from tests.support.followup import OwnTokens
from tests.support.ground import UNPACED


class Watch:
    """What one worker asks; `later` lets the time between two questions pass."""

    def __init__(self, simulator: Simulator, redis: Redis) -> None:
        simulator.behave(profile="public")
        settings = load(
            {**caller_settings(simulator.url, Behavior()), "GENESYS_CLOUD_PROFILE": "public"}, dotenv=None
        )
        self.redis: Any = redis
        self.now, self.simulator = 0.0, simulator
        api = Genesys(settings)
        self.returning = Returning(
            aside=Aside(redis),
            slots=Slots(redis, pace=UNPACED),
            asking=Asking(tokens=OwnTokens(api), pause=Pause(redis)),
            api=api,
            stopping=threading.Event(),
            clock=lambda: self.now,
        )

    def step(self) -> dict[str, str]:
        """Ask once more, and return the users who are still set aside."""
        self.returning.step()
        self.now += ASK_EVERY_S
        self.redis.delete(keys.users_asked)  # it expires in this time
        found: dict[str, str] = self.redis.hgetall(keys.users_aside)
        return found

    def questions(self) -> int:
        return sum("/users" in request["route"] for request in self.simulator.requests())


@pytest.fixture
def watch(simulator: Simulator, real_redis: Redis) -> Watch:
    return Watch(simulator, real_redis)


@pytest.mark.parametrize(
    ("presence", "is_back"), [("Available", True), ("On Queue", True), ("Away", False), ("Offline", False)]
)
def test_who_is_available_is_back(watch: Watch, presence: str, is_back: bool) -> None:
    watch.redis.hset(keys.users_aside, "ann", "3:-1")
    watch.simulator.behave(presences={"ann": presence})
    assert (watch.step() == {}) == is_back


def test_a_user_who_is_set_aside_for_a_time_waits_for_its_end(watch: Watch) -> None:
    watch.redis.hset(keys.users_aside, "ann", "2:9999999999999.000")
    assert watch.step() == {"ann": "2:9999999999999.000"}
    assert watch.questions() == 0


def test_a_fleet_that_waited_for_somebody_goes_on(watch: Watch) -> None:
    pause = Pause(watch.redis)
    watch.redis.hset(keys.users_aside, mapping={"ann": "3:-1", "bob": "3:-1"})
    pause.begin(PauseReason.NOBODY_THERE, "nobody", for_s=None)
    watch.simulator.behave(presences={"ann": "Away", "bob": "Away"})
    watch.step()
    assert [entry.reason for entry in pause.entries()] == [PauseReason.NOBODY_THERE]
    watch.simulator.behave(presences={"ann": "Away"})
    assert watch.step() == {"ann": "3:-1"}
    assert pause.entries() == []


def test_one_worker_asks_at_a_time(watch: Watch) -> None:
    watch.redis.hset(keys.users_aside, "ann", "3:-1")
    watch.redis.set(keys.users_asked, "1")
    watch.step()
    assert watch.questions() == 0


def test_an_api_that_does_not_tell_changes_nothing(watch: Watch) -> None:
    watch.redis.hset(keys.users_aside, "ann", "3:-1")
    watch.simulator.behave(outage="server_error")
    assert watch.step() == {"ann": "3:-1"}
    watch.simulator.behave(outage="")
    assert watch.step() == {}
