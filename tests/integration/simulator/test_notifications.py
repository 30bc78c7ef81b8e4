"""Notification channels over a real WebSocket."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from sandbox.simulator.process import Simulator
from tests.support.fleet import wait_for
from tests.support.simulator_client import CALLS, TIMEOUT_S, Client

CHANNELS = "/api/v2/notifications/channels"
TOPIC = "v2.users.user-1.conversations.calls"
OTHER_TOPIC = "v2.users.user-2.conversations.calls"

Socket = aiohttp.ClientWebSocketResponse


def open_channel(client: Client, *topics: str) -> dict[str, Any]:
    channel: dict[str, Any] = client.ask("POST", CHANNELS).json()
    assert subscribe(client, channel, *topics or (TOPIC,)).status_code == 200
    return channel


def subscribe(client: Client, channel: dict[str, Any], *topics: str, method: str = "PUT", query: str = "") -> Any:
    path = f"{CHANNELS}/{channel['id']}/subscriptions{query}"
    return client.ask(method, path, json=[{"id": topic} for topic in topics])


def topics_of(client: Client, channel: dict[str, Any]) -> list[str]:
    return [entry["id"] for entry in client.get(f"{CHANNELS}/{channel['id']}/subscriptions")["entities"]]


def connected(channel: dict[str, Any], talk: Callable[[Socket], Awaitable[Any]]) -> Any:
    """What `talk` returns over the channel's WebSocket."""

    async def run() -> Any:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.ws_connect(channel["connectUri"]) as socket,
        ):
            return await talk(socket)

    return asyncio.run(run())


async def events(socket: Socket, count: int) -> list[dict[str, Any]]:
    return [await socket.receive_json(timeout=TIMEOUT_S) for _ in range(count)]


def users_states(received: list[dict[str, Any]]) -> list[str]:
    return [event["eventBody"]["participants"][0]["state"] for event in received]


def test_a_channel_tells_of_each_step_of_the_users_calls(simulator: Simulator, client: Client) -> None:
    simulator.behave(contacting_s=0.1, dialing_s=0.1, talking_s=0.1)

    async def talk(socket: Socket) -> list[dict[str, Any]]:
        await asyncio.to_thread(client.call_public, user="user-2")
        await asyncio.to_thread(client.call_public)
        return await events(socket, 4)

    received = connected(open_channel(client), talk)
    assert {event["topicName"] for event in received} == {TOPIC}
    assert users_states(received) == ["contacting", "dialing", "connected", "disconnected"]
    assert [len(event["eventBody"]["participants"]) for event in received] == [1, 2, 2, 2]
    (_, call) = simulator.calls()
    assert {event["eventBody"]["id"] for event in received} == {call["conversation_id"]}


def test_the_call_that_is_put_on_hold_is_told_of(simulator: Simulator, client: Client) -> None:
    simulator.behave(contacting_s=0, dialing_s=0)

    async def talk(socket: Socket) -> list[dict[str, Any]]:
        await asyncio.to_thread(client.call_public)
        await events(socket, 1)
        await asyncio.to_thread(client.call_public)
        return await events(socket, 2)

    received = connected(open_channel(client), talk)
    first, second = (call["conversation_id"] for call in simulator.calls())
    held = {event["eventBody"]["id"]: event["eventBody"]["participants"][0]["held"] for event in received}
    assert held == {first: True, second: False}


def test_what_happens_while_the_socket_is_down_is_lost(simulator: Simulator, client: Client) -> None:
    simulator.behave(contacting_s=0, dialing_s=0, talking_s=0.1)
    channel = open_channel(client)

    async def talk(socket: Socket) -> list[dict[str, Any]]:
        await asyncio.to_thread(client.call_public, "+12125550107")
        return await events(socket, 2)

    lost = client.call_public("+12125550100").json()["id"]
    wait_for(lambda: client.get(f"{CALLS}/{lost}")["participants"][0]["state"] == "disconnected")
    received = connected(channel, talk)
    assert {event["eventBody"]["participants"][1]["dnis"] for event in received} == {"tel:+12125550107"}


def test_a_deaf_channel_has_heartbeats_and_no_events(simulator: Simulator, client: Client) -> None:
    simulator.behave(deaf_channels=True, contacting_s=0, heartbeat_s=0.2)

    async def talk(socket: Socket) -> list[dict[str, Any]]:
        await asyncio.to_thread(client.call_public)
        return await events(socket, 2)

    received = connected(open_channel(client), talk)
    assert {event["topicName"] for event in received} == {"channel.metadata"}
    assert {event["eventBody"]["message"] for event in received} == {"WebSocket Heartbeat"}


def test_a_ping_is_answered(client: Client) -> None:
    async def talk(socket: Socket) -> list[dict[str, Any]]:
        await socket.send_str("no json")
        await socket.send_json({"message": "ping"})
        return await events(socket, 1)

    (pong,) = connected(open_channel(client), talk)
    assert pong == {"topicName": "channel.metadata", "eventBody": {"message": "pong"}}


def test_a_second_socket_closes_the_first(simulator: Simulator, client: Client) -> None:
    channel = open_channel(client)

    async def talk(first: Socket) -> tuple[aiohttp.WSMsgType, bool]:
        async with aiohttp.ClientSession() as session, session.ws_connect(channel["connectUri"]) as second:
            ended = await first.receive(timeout=TIMEOUT_S)
            return ended.type, second.closed

    assert connected(channel, talk) == (aiohttp.WSMsgType.CLOSE, False)


def test_sockets_can_be_closed_for_a_test(simulator: Simulator, client: Client) -> None:
    async def talk(socket: Socket) -> tuple[int, aiohttp.WSMsgType]:
        closed = await asyncio.to_thread(simulator.close_sockets)
        return closed, (await socket.receive(timeout=TIMEOUT_S)).type

    assert connected(open_channel(client), talk) == (1, aiohttp.WSMsgType.CLOSE)
    assert simulator.close_sockets() == 0


def test_a_channel_ends_with_its_life(simulator: Simulator, client: Client) -> None:
    simulator.behave(channel_life_s=0.5)
    channel = open_channel(client)
    life_s = datetime.fromisoformat(channel["expires"]).timestamp() - datetime.now(UTC).timestamp()
    assert 0 < life_s <= 0.5

    async def talk(socket: Socket) -> tuple[str, aiohttp.WSMsgType]:
        (event,) = await events(socket, 1)
        return event["topicName"], (await socket.receive(timeout=TIMEOUT_S)).type

    assert connected(channel, talk) == ("v2.system.socket_closing", aiohttp.WSMsgType.CLOSE)
    assert subscribe(client, channel, TOPIC).status_code == 404
    with pytest.raises(aiohttp.WSServerHandshakeError, match="404"):
        connected(channel, talk)


def test_topics_are_replaced_added_listed_and_removed(client: Client) -> None:
    channel = open_channel(client)
    assert subscribe(client, channel, OTHER_TOPIC, method="POST").status_code == 200
    assert topics_of(client, channel) == [TOPIC, OTHER_TOPIC]
    answer = subscribe(client, channel, OTHER_TOPIC)
    assert [(entry["id"], entry["state"]) for entry in answer.json()["entities"]] == [(OTHER_TOPIC, "Permitted")]
    assert topics_of(client, channel) == [OTHER_TOPIC]
    assert client.ask("DELETE", f"{CHANNELS}/{channel['id']}/subscriptions").status_code == 200
    assert topics_of(client, channel) == []


def test_more_than_a_thousand_topics_and_unknown_ones_are_refused(client: Client) -> None:
    channel = open_channel(client)
    many = [f"v2.users.user-{n}.conversations.calls" for n in range(1001)]
    assert subscribe(client, channel, *many[1:], method="PUT").status_code == 200
    assert subscribe(client, channel, many[0], method="POST").status_code == 400
    assert subscribe(client, channel, "v2.users.user-1.presence").status_code == 400
    assert client.ask("PUT", f"{CHANNELS}/{channel['id']}/subscriptions", json={}).status_code == 200
    assert client.ask("PUT", f"{CHANNELS}/{channel['id']}/subscriptions", json=["x"]).status_code == 400


def test_one_topic_without_permission_fails_the_list_unless_errors_are_ignored(
    simulator: Simulator, client: Client
) -> None:
    simulator.behave(permissions=[])
    channel = client.ask("POST", CHANNELS).json()
    answer = subscribe(client, channel, TOPIC)
    assert (answer.status_code, answer.json()["code"]) == (403, "missing.permissions")
    answer = subscribe(client, channel, TOPIC, query="?ignoreErrors=true")
    (entry,) = answer.json()["entities"]
    assert (entry["state"], entry["missingPermissions"]) == ("Rejected", ["conversation:communication:view"])
    assert topics_of(client, channel) == []


def test_a_channel_belongs_to_its_client_and_a_client_may_have_20(simulator: Simulator, client: Client) -> None:
    channels = [client.ask("POST", CHANNELS).json()["id"] for _ in range(21)]
    assert [each["id"] for each in client.get(CHANNELS)["entities"]] == channels[1:]
    other = Client(simulator, "another")
    with other.session:
        assert subscribe(other, {"id": channels[-1]}, TOPIC).status_code == 404
        assert other.get(CHANNELS)["entities"] == []


def test_a_reset_ends_channels_and_tells_nobody_of_old_calls(simulator: Simulator, client: Client) -> None:
    async def talk(socket: Socket) -> aiohttp.WSMsgType:
        await asyncio.to_thread(simulator.reset)
        return (await socket.receive(timeout=TIMEOUT_S)).type

    assert connected(open_channel(client), talk) is aiohttp.WSMsgType.CLOSE
    assert simulator.stats()["channels"] == 0
