"""Events of calls, over the simulator's WebSocket and a real Redis: quick, and never more than a hint."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from itertools import permutations
from typing import Any

import pytest
from redis import Redis

from config.settings import Settings, load
from sandbox.foreground import caller_settings
from sandbox.simulator.behavior import Behavior
from sandbox.simulator.process import Simulator
from tasks.errors import LedgerUnavailable
from tasks.fleet.event_lease import LEASE_S
from tasks.fleet.pace import Pace
from tasks.fleet.pause import Pause, PauseReason
from tasks.followup.events import MOST_MISSED
from tasks.genesys.client import Genesys
from tasks.genesys.notifications import MOST_USERS, PERMISSION, CallEvent, read_event
from tasks.store import keys
from tasks.store.client import StoreClient
from tests.support.fleet import wait_for
from tests.support.followup import Holder, place, ring, settle
from tests.support.ground import Ground
from tests.support.redis_proxy import RedisProxy

ANSWERED, BUSY = "+12125550100", "+12125550101"
INSTANT = {"contacting_s": 0, "contacting_timeout_s": 0, "dialing_s": 0, "talking_s": 0, "analytics_lag_s": 0}
CHANNELS = "POST /api/v2/notifications/channels"
FOUND = ("call_state", "result", "result_detail", "answered_at", "ended_at", "ring_s", "talk_s")
SUBSCRIPTIONS = "PUT /api/v2/notifications/channels/{channel_id}/subscriptions"

Hold = Callable[..., Holder]


@pytest.fixture(scope="module")
def own_simulator() -> Iterator[Simulator]:
    with Simulator(profile="public", rate_limit=0, **INSTANT) as simulator:
        yield simulator


@pytest.fixture
def simulator(own_simulator: Simulator) -> Simulator:
    own_simulator.reset()
    return own_simulator


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
def hold(real_redis: Redis, api: Genesys) -> Iterator[Hold]:
    """Start a holder that is subscribed to user-1, and to `users`."""
    with ExitStack() as stack:

        def start(*, users: tuple[str, ...] = ("user-1",), redis: Redis = real_redis, **options: Any) -> Holder:
            holder = Holder(redis, api, users=list(users), **options)
            stack.enter_context(holder.running())
            wait_for(lambda: hears(real_redis) >= set(users))
            return holder

        yield start


def hears(redis: Redis) -> set[str]:
    """The users whose events are received."""
    found: Any = redis.zrange(keys.events_users, 0, -1)
    return set(found)


def sent(simulator: Simulator, route: str) -> int:
    return sum(entry["route"] == route for entry in simulator.requests())


def result(ground: Ground, job_id: str) -> Any:
    return (ground.records.show(job_id) or {}).get("result")


def warnings(caplog: pytest.LogCaptureFixture, text: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if text in record.getMessage()]


class TestQuick:
    def test_a_result_is_known_within_a_second_of_the_end(
        self, simulator: Simulator, ground: Ground, api: Genesys, hold: Hold
    ) -> None:
        simulator.behave(contacting_s=0.2, dialing_s=0.5, talking_s=0.5)
        hold()
        place(ground, api, ANSWERED)
        states = set()
        while result(ground, ANSWERED) is None:
            states.add(ground.record(ANSWERED).get("call_state"))
            time.sleep(0.02)
        seen_at, record = time.time(), ground.record(ANSWERED)
        assert record["result"] == "answered"
        assert states >= {"ringing", "connected"}
        assert seen_at - datetime.fromisoformat(record["ended_at"]).timestamp() < 1
        assert not ground.redis.exists(keys.followed)

    def test_what_an_event_cannot_tell_is_told_by_the_next_look(
        self, simulator: Simulator, ground: Ground, api: Genesys, hold: Hold
    ) -> None:
        holder = hold()
        place(ground, api, BUSY)
        wait_for(lambda: result(ground, BUSY) == "unanswered")
        ground.advance(60)  # which makes the subscription younger than the call
        ground.redis.zadd(keys.events_users, {"user-1": 1})
        assert holder.follower.step()
        assert result(ground, BUSY) == "busy"
        assert ground.records.results("spring") == {"busy": 1}
        assert not ground.redis.exists(keys.followed, keys.events_missed)

    def test_an_end_that_is_told_before_the_answer_is_recorded_is_not_lost(
        self, simulator: Simulator, ground: Ground, api: Genesys, hold: Hold
    ) -> None:
        holder = hold()
        conversation = ring(api, ANSWERED)
        wait_for(lambda: conversation in holder.news._early)
        settle(ground, conversation, ANSWERED)
        wait_for(lambda: result(ground, ANSWERED) == "answered", 3)
        wait_for(lambda: not holder.news._early, 3)

    def test_a_user_is_subscribed_within_seconds_of_the_first_call(
        self, simulator: Simulator, ground: Ground, api: Genesys, hold: Hold
    ) -> None:
        hold()
        ground.redis.zadd(keys.users, {"user-2": time.time() * 1000, "no user\n": 1})
        wait_for(lambda: hears(ground.redis) == {"user-1", "user-2"}, 6)
        place(ground, api, ANSWERED, user="user-2")
        wait_for(lambda: result(ground, ANSWERED) == "answered", 3)
        assert sent(simulator, CHANNELS) == 1

    def test_a_call_of_dialer_that_nobody_follows_is_handed_on(
        self, simulator: Simulator, api: Genesys, hold: Hold
    ) -> None:
        simulator.behave(talking_s=60)
        found: list[tuple[str, str]] = []
        hold(on_unknown=lambda conversation, attributes: found.append((conversation, attributes["dialerJobId"])))
        conversation = ring(api, ANSWERED, job_id="lost-42")
        wait_for(lambda: (conversation, "lost-42") in found)


class TestOneHolder:
    def test_another_takes_over_when_the_holder_is_dead(
        self, simulator: Simulator, ground: Ground, api: Genesys, hold: Hold
    ) -> None:
        first = Holder(ground.redis, api, users=["user-1"])
        with first.running():
            wait_for(lambda: bool(hears(ground.redis)))
            second = Holder(ground.redis, api, users=["user-1"], worker="w2")
            second.events.step()
            assert not second.channels.all
            died_at = time.monotonic()
        with second.running():
            wait_for(lambda: bool(second.channels.users), LEASE_S + 10)
            assert time.monotonic() - died_at < 15
            assert ground.redis.get(keys.events_lease) == "w2"
            place(ground, api, ANSWERED)
            wait_for(lambda: result(ground, ANSWERED) == "answered", 3)

    def test_another_takes_over_at_once_from_a_holder_that_leaves(self, ground: Ground, api: Genesys) -> None:
        first = Holder(ground.redis, api, users=["user-1"])
        with first.running():
            wait_for(lambda: bool(hears(ground.redis)))
        first.events.close()
        assert not ground.redis.exists(keys.events_lease, keys.events_users)
        second = Holder(ground.redis, api, users=["user-1"], worker="w2")
        assert second.lease.hold()

    def test_who_lost_the_lease_closes_the_channels_and_leaves_those_of_the_other(
        self, ground: Ground, api: Genesys
    ) -> None:
        first = Holder(ground.redis, api, users=["user-1"])
        with first.running():
            wait_for(lambda: bool(hears(ground.redis)))
            ground.redis.set(keys.events_lease, "w2")
            wait_for(lambda: not first.channels.all)
        first.events.close()
        assert ground.redis.get(keys.events_lease) == "w2"
        assert hears(ground.redis) == {"user-1"}


class TestLost:
    def test_a_lost_socket_is_replaced_and_what_was_missed_is_looked_up(
        self,
        simulator: Simulator,
        ground: Ground,
        api: Genesys,
        hold: Hold,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        holder = hold()
        simulator.behave(outage="service_unavailable")
        assert simulator.close_sockets() == 1
        wait_for(lambda: not holder.channels.all)
        wait_for(lambda: sent(simulator, CHANNELS) >= 3)
        simulator.behave(outage="")
        missed = place(ground, api, ANSWERED)
        wait_for(lambda: bool(holder.channels.users))
        place(ground, api, BUSY)
        wait_for(lambda: result(ground, BUSY) == "unanswered", 3)
        assert result(ground, ANSWERED) is None
        ground.advance(60)
        assert holder.follower.step()
        assert result(ground, ANSWERED) == "answered"
        assert missed
        assert len(warnings(caplog, "events of calls are not received")) == 1

    def test_a_silent_socket_is_found_out_by_look_ups(
        self,
        simulator: Simulator,
        ground: Ground,
        api: Genesys,
        hold: Hold,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        holder = hold()
        simulator.behave(deaf_channels=True)
        (deaf,) = holder.channels.all
        for n in range(MOST_MISSED):
            assert holder.channels.all == [deaf]
            place(ground, api, ANSWERED, job_id=f"job-{n}")
            ground.advance(60)  # which makes the subscription younger than the call
            ground.redis.zadd(keys.events_users, {"user-1": 1})
            assert holder.follower.step()
            assert result(ground, f"job-{n}") == "answered"
        wait_for(lambda: bool(holder.channels.all) and deaf not in holder.channels.all, 10)
        assert sent(simulator, CHANNELS) == 2
        assert len(warnings(caplog, "tells no events")) == 1
        assert not ground.redis.exists(keys.events_missed)
        simulator.behave(deaf_channels=False)
        wait_for(lambda: bool(holder.channels.users))
        place(ground, api, BUSY)
        wait_for(lambda: result(ground, BUSY) == "unanswered", 3)
        wait_for(lambda: not ground.redis.exists(keys.events_missed), 5)

    def test_a_channel_that_stays_silent_is_not_replaced_all_the_time(
        self, simulator: Simulator, ground: Ground, api: Genesys, hold: Hold
    ) -> None:
        hold()
        for _ in range(4):
            ground.redis.hset(keys.events_missed, "user-1", MOST_MISSED)
            time.sleep(2.5)
        assert sent(simulator, CHANNELS) == 2

    def test_an_event_that_comes_after_the_look_clears_the_user(
        self, simulator: Simulator, ground: Ground, api: Genesys, hold: Hold
    ) -> None:
        hold()
        ground.redis.hset(keys.events_missed, "user-1", MOST_MISSED - 1)
        ring(api, ANSWERED)
        wait_for(lambda: not ground.redis.exists(keys.events_missed))

    def test_a_call_from_before_the_subscription_was_not_missed(self, ground: Ground, api: Genesys) -> None:
        holder = Holder(ground.redis, api, users=[])
        holder.subscribed.keep(["user-1"])
        since: Any = ground.redis.zscore(keys.events_users, "user-1")
        holder.subscribed.missed([("user-1", since - 1), ("user-1", since + 1), ("user-2", since + 1)])
        assert holder.subscribed.keep(["user-1"]) == {"user-1": 1}

    def test_a_channel_is_renewed_before_it_expires(
        self, simulator: Simulator, ground: Ground, api: Genesys, hold: Hold
    ) -> None:
        simulator.behave(channel_life_s=6)
        holder = hold()
        (channel,) = holder.channels.all
        time.sleep(8)
        assert holder.channels.all == [channel]
        place(ground, api, ANSWERED)
        wait_for(lambda: result(ground, ANSWERED) == "answered", 3)
        assert sent(simulator, CHANNELS) == 1
        assert sent(simulator, SUBSCRIPTIONS) >= 2

    def test_a_channel_that_has_expired_is_replaced(
        self, simulator: Simulator, ground: Ground, api: Genesys, hold: Hold
    ) -> None:
        holder = hold()
        (channel,) = holder.channels.all
        simulator.behave(channel_life_s=1)
        channel.renew_at = 0.0  # for the life of a second, of which the holder knows nothing
        wait_for(lambda: sent(simulator, SUBSCRIPTIONS) == 2)
        simulator.behave(channel_life_s=3600)
        wait_for(lambda: bool(holder.channels.users) and holder.channels.all != [channel])

    def test_while_redis_is_away_nothing_is_lost_that_was_received(
        self, simulator: Simulator, ground: Ground, api: Genesys, redis_url: str, hold: Hold
    ) -> None:
        port = int(redis_url.rpartition(":")[2].partition("/")[0])
        with RedisProxy(port) as proxy, StoreClient.from_url(proxy.url, decode_responses=True) as behind:
            holder = hold(redis=behind)
            (channel,) = holder.channels.all
            proxy.refuse()
            proxy.cut()
            place(ground, api, ANSWERED)
            wait_for(lambda: bool(holder.news._unrecorded))
            assert result(ground, ANSWERED) is None
            proxy.accept()
            wait_for(lambda: result(ground, ANSWERED) == "answered", 10)
            assert holder.channels.all == [channel]


class TestLimits:
    def test_more_users_than_a_channel_takes_are_spread_over_several(
        self, simulator: Simulator, ground: Ground, api: Genesys, hold: Hold
    ) -> None:
        users = tuple(f"user-{n}" for n in range(MOST_USERS + 500))
        holder = hold(users=users)
        assert [len(channel.users) for channel in holder.channels.all] == [MOST_USERS, 500]
        for user in (users[0], users[-1]):
            place(ground, api, ANSWERED, user=user, job_id=user)
            wait_for(lambda user=user: result(ground, user) == "answered", 3)  # type: ignore[misc]
        ground.redis.zadd(keys.users, {"one-more": 1})
        wait_for(lambda: "one-more" in holder.channels.all[1].users)
        assert sent(simulator, CHANNELS) == 2

    def test_requests_take_slots_of_the_pace(
        self, simulator: Simulator, ground: Ground, api: Genesys, hold: Hold
    ) -> None:
        hold(pace=Pace(interval_s=0.5, max_wait_s=3.0))
        assert ground.redis.hget(keys.pace, "granted") == "2"
        requests = [entry for entry in simulator.requests() if "notifications" in entry["route"]]
        assert [entry["route"] for entry in requests] == [CHANNELS, SUBSCRIPTIONS]
        assert requests[1]["time"] - requests[0]["time"] > 0.4

    @pytest.mark.parametrize(("reason", "asks"), [(PauseReason.OUTAGE, 0), (PauseReason.OPERATOR, 1)])
    def test_nothing_is_asked_while_the_api_must_be_left_alone(
        self, simulator: Simulator, ground: Ground, api: Genesys, reason: PauseReason, asks: int
    ) -> None:
        Pause(ground.redis).begin(reason, "…", for_s=60)
        holder = Holder(ground.redis, api, users=["user-1"])
        holder.events.step()
        assert sent(simulator, CHANNELS) == asks
        assert bool(ground.redis.hget(keys.pace, "granted")) == bool(asks)
        holder.channels.close()

    def test_a_429_pauses_the_fleet(self, simulator: Simulator, ground: Ground, api: Genesys) -> None:
        simulator.behave(outage="rate_limited", retry_after_s=7)
        Holder(ground.redis, api, users=["user-1"]).events.step()
        (entry,) = Pause(ground.redis).entries()
        assert entry.reason is PauseReason.RATE_LIMIT

    def test_a_missing_permission_is_told_once_by_name(
        self, simulator: Simulator, ground: Ground, api: Genesys, caplog: pytest.LogCaptureFixture
    ) -> None:
        simulator.behave(permissions=["conversation:call:add"])
        holder = Holder(ground.redis, api, users=["user-1", "user-2"])
        with holder.running():
            wait_for(lambda: sent(simulator, SUBSCRIPTIONS) == 1)
            ground.redis.zadd(keys.users, {"user-3": 1})
            wait_for(lambda: sent(simulator, SUBSCRIPTIONS) == 2)
            time.sleep(3)
        assert sent(simulator, SUBSCRIPTIONS) == 2
        assert len(warnings(caplog, f"need the permission {PERMISSION}")) == 1
        assert not hears(ground.redis)


class TestTries:
    """What fails is tried again, but not all the time."""

    @pytest.fixture
    def holder(self, ground: Ground, api: Genesys) -> Iterator[Holder]:
        self.now = 0.0
        holder = Holder(ground.redis, api, users=[], clock=lambda: self.now)
        assert holder.lease.hold()
        yield holder
        holder.channels.close()

    def tries(self, holder: Holder, simulator: Simulator, times: list[float]) -> list[int]:
        """How many channels were asked for until each of these times."""
        counts = []
        for self.now in times:
            holder.channels.tend(["user-1"])
            counts.append(sent(simulator, CHANNELS))
        return counts

    def test_the_time_to_the_next_try_doubles(self, simulator: Simulator, holder: Holder) -> None:
        simulator.behave(outage="service_unavailable")
        assert self.tries(holder, simulator, [0, 0.9, 1, 2.9, 3, 6.9, 7]) == [1, 1, 2, 2, 3, 3, 4]
        simulator.behave(outage="")
        assert self.tries(holder, simulator, [15, 100]) == [5, 5]
        assert holder.channels.users == ["user-1"]
        simulator.close_sockets()
        wait_for(lambda: bool(holder.channels.receive(0.1)) or not holder.channels.all)
        assert self.tries(holder, simulator, [100, 101]) == [5, 6]

    def test_a_refusal_is_tried_again_after_an_hour(self, simulator: Simulator, holder: Holder) -> None:
        simulator.behave(outage="insufficient_permissions")
        assert self.tries(holder, simulator, [0, 3599, 3600]) == [1, 1, 2]
        simulator.behave(outage="", permissions=[])
        assert self.tries(holder, simulator, [7200, 10_799]) == [3, 3]
        simulator.behave(permissions=None)
        assert self.tries(holder, simulator, [10_800]) == [4]
        assert holder.channels.users == ["user-1"]

    def test_a_token_that_is_refused_is_discarded(self, simulator: Simulator, holder: Holder) -> None:
        simulator.behave(outage="token_refused")
        self.tries(holder, simulator, [0])
        assert len(holder.tokens.discarded) == 1

    def test_without_the_lease_nothing_is_asked(self, simulator: Simulator, ground: Ground, holder: Holder) -> None:
        ground.redis.set(keys.events_lease, "w2")
        self.now = 10
        holder.channels.tend(["user-1"])
        assert simulator.requests() == []

    def test_users_who_are_no_longer_known_leave_with_the_renewal(self, simulator: Simulator, holder: Holder) -> None:
        holder.channels.tend(["user-1", "user-2"])
        holder.channels.tend(["user-2"])
        assert holder.channels.users == ["user-1", "user-2"]
        self.now = 50_000
        holder.channels.tend(["user-2"])
        assert holder.channels.users == ["user-2"]


class TestNews:
    @pytest.fixture
    def told(self, simulator: Simulator, ground: Ground, api: Genesys) -> list[CallEvent]:
        """The events of one call, from the platform's words."""
        simulator.behave(contacting_s=0.1, dialing_s=0.1, talking_s=0.1)
        token = api.request_token().access_token
        channel = api.create_channel(token=token)
        socket = api.listen(channel)
        try:
            api.subscribe(channel, ["user-1"], token=token)
            place(ground, api, ANSWERED)
            texts = [socket.receive(5) for _ in range(4)]
        finally:
            socket.close()
        return [event for text in texts if text and (event := read_event(text))]

    def test_late_and_doubled_events_change_nothing(
        self, ground: Ground, api: Genesys, told: list[CallEvent]
    ) -> None:
        assert len(told) == 4
        entry: Any = ground.redis.hget(keys.followed_jobs, told[0].conversation_id)
        expected: set[str] = set()
        for order in permutations(told):
            ground.redis.hdel(keys.job(ANSWERED), *FOUND)
            ground.redis.delete(keys.outcomes, keys.batch_counts("spring"))
            ground.redis.hset(keys.followed_jobs, told[0].conversation_id, entry)
            holder = Holder(ground.redis, api, users=[])
            for event in order:
                holder.news.hear([event, event])
                holder.news.hear([event])
            expected.add(json.dumps(ground.record(ANSWERED), sort_keys=True, default=str))
            assert ground.records.results("spring") == {"answered": 1}
            assert ground.redis.xlen(keys.outcomes) == 1
        (record,) = expected
        assert json.loads(record)["result"] == "answered"

    def test_news_are_kept_while_redis_is_away_but_not_if_they_cannot_be_recorded(
        self, ground: Ground, api: Genesys, told: list[CallEvent]
    ) -> None:
        faults: list[Exception] = [LedgerUnavailable(), ValueError()]
        heard: list[str] = []

        def hook(conversation_id: str, _: object) -> None:
            heard.append(conversation_id)
            if faults:
                raise faults.pop(0)

        ground.redis.delete(keys.followed_jobs)
        holder = Holder(ground.redis, api, users=[], on_unknown=hook)
        with pytest.raises(LedgerUnavailable):
            holder.news.hear([told[-1]])
        with pytest.raises(ValueError):
            holder.news.hear([])
        holder.news.hear([])
        assert len(heard) == 2

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "[]",
            "[" * 100_000,
            b"\xff",
            '{"topicName": "channel.metadata", "eventBody": {"message": "WebSocket Heartbeat"}}',
            '{"topicName": "v2.users.user-1.conversations.calls", "eventBody": []}',
            '{"topicName": "v2.users.user-1.conversations.calls", "eventBody": {"id": 1}}',
        ],
    )
    def test_what_is_no_event_of_a_call_is_ignored(self, text: str | bytes) -> None:
        assert read_event(text) is None

    def test_what_cannot_be_read_of_an_event_is_left_out(self) -> None:
        body: dict[str, object] = {
            "id": "c",
            "participants": [1, {"attributes": {"a": 1, "b": "c"}}, {"attributes": []}],
        }
        event = read_event(json.dumps({"topicName": "v2.users.u.conversations.calls", "eventBody": body}))
        assert event
        assert (event.conversation_id, event.legs, event.attributes) == ("c", [], {"b": "c"})
        body = {"id": "c", "participants": 5}
        assert read_event(json.dumps({"topicName": "v2.users.u.conversations.calls", "eventBody": body}))
