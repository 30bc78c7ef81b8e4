import asyncio
import json

import pytest

from sandbox.simulator.channels import MOST_CHANNELS, MOST_TOPICS, Channel, Channels, TooManyTopics, notification
from sandbox.simulator.events import calls_topic
from tests.unit.simulator.conftest import Clock

LIFE_S = 100.0
TOPIC = calls_topic("user-1")


@pytest.fixture
def channels(clock: Clock) -> Channels:
    return Channels(clock)


def test_the_topic_of_a_users_calls_is_the_published_one() -> None:
    assert TOPIC == "v2.users.user-1.conversations.calls"


def test_only_open_sockets_of_subscribed_channels_listen(channels: Channels) -> None:
    silent, listening = channels.create("dialer", LIFE_S), channels.create("dialer", LIFE_S)
    channels.subscribe(listening, [TOPIC], LIFE_S)
    silent.connect()
    assert channels.listening(TOPIC) == []
    socket = listening.connect()
    assert channels.listening(TOPIC) == [socket]
    listening.left(socket)
    assert channels.listening(TOPIC) == []


def test_a_second_socket_ends_the_first(channels: Channels) -> None:
    channel = channels.create("dialer", LIFE_S)
    first = channel.connect()
    second = channel.connect()
    assert first.get_nowait() is None
    channel.left(first)
    assert channel.socket is second
    assert channels.close_sockets() == 1
    assert second.get_nowait() is None
    with pytest.raises(asyncio.QueueEmpty):
        second.get_nowait()


def test_a_channel_ends_with_its_life_which_subscribing_renews(channels: Channels, clock: Clock) -> None:
    kept, forgotten = channels.create("dialer", LIFE_S), channels.create("dialer", LIFE_S)
    clock.now += 60
    channels.subscribe(kept, [TOPIC], LIFE_S)
    clock.now += 60
    assert channels.find(kept.id) is kept
    assert channels.find(forgotten.id) is None
    assert len(channels) == 1


def test_the_21st_channel_removes_the_least_recently_used_without_a_socket_first(
    channels: Channels, clock: Clock
) -> None:
    own: list[Channel] = []
    for _ in range(MOST_CHANNELS):
        clock.now += 0.1
        own.append(channels.create("dialer", LIFE_S))
    another = channels.create("another", LIFE_S)
    own[0].connect()
    channels.create("dialer", LIFE_S)
    assert channels.find(own[1].id) is None
    assert channels.find(own[0].id) is own[0]
    assert channels.find(another.id) is another
    for channel in channels.of("dialer"):
        channel.connect()
    newest = channels.create("dialer", LIFE_S)
    assert channels.find(own[0].id) is None
    assert len(channels.of("dialer")) == MOST_CHANNELS == 20
    assert newest in channels.of("dialer")


def test_a_channel_has_up_to_a_thousand_topics(channels: Channels) -> None:
    channel = channels.create("dialer", LIFE_S)
    topics = [calls_topic(f"user-{n}") for n in range(MOST_TOPICS)]
    channels.subscribe(channel, [*topics, topics[0]], LIFE_S)
    assert list(channel.topics) == topics
    assert len(topics) == 1000
    with pytest.raises(TooManyTopics):
        channels.subscribe(channel, [*topics, "one.more"], LIFE_S)
    assert list(channel.topics) == topics


def test_an_event_has_its_topic_and_its_body() -> None:
    event = json.loads(notification(TOPIC, {"id": "c-1"}))
    assert (event["topicName"], event["eventBody"]) == (TOPIC, {"id": "c-1"})
