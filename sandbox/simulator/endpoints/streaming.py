"""The WebSocket of a notification channel: events, heartbeats, pongs, and the end of the channel's life."""

import asyncio
import contextlib
import json
from typing import Final

from aiohttp import WSMsgType, web

from sandbox.simulator.channels import Channel, Socket, metadata, notification
from sandbox.simulator.organization import Organization

PATH: Final = "/channels/{channel_id}"
_CLOSING_TOPIC: Final = "v2.system.socket_closing"


def routes(organization: Organization) -> list[web.RouteDef]:
    """Route WebSockets. They are no API requests: they need no token, and count against no rate limit."""

    async def stream(request: web.Request) -> web.StreamResponse:
        channel = organization.channels.find(request.match_info["channel_id"])
        if channel is None:
            raise web.HTTPNotFound
        response = web.WebSocketResponse()
        await response.prepare(request)
        socket = channel.connect()
        channel.used_at = organization.clock()
        sender = asyncio.create_task(_send(organization, channel, socket, response))
        try:
            async for message in response:
                if message.type is WSMsgType.TEXT and _is_ping(message.data):
                    socket.put_nowait(metadata("pong"))
        finally:
            channel.left(socket)
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await sender
        return response

    return [web.get(PATH, stream)]


async def _send(
    organization: Organization, channel: Channel, socket: Socket, response: web.WebSocketResponse
) -> None:
    """Send what comes, and a heartbeat when it is due, until the socket or the channel ends."""
    loop = asyncio.get_running_loop()
    beat_at = loop.time() + organization.behavior.heartbeat_s
    while True:
        left_s = channel.expires_at - organization.clock()
        try:
            text = await asyncio.wait_for(socket.get(), max(min(beat_at - loop.time(), left_s), 0))
        except TimeoutError:
            if channel.expires_at <= organization.clock():
                await response.send_str(notification(_CLOSING_TOPIC, {"message": "This channel has expired."}))
                break
            if loop.time() < beat_at:
                continue
            beat_at = loop.time() + organization.behavior.heartbeat_s
            text = metadata("WebSocket Heartbeat")
        if text is None:
            break
        await response.send_str(text)
    channel.left(socket)
    await response.close()


def _is_ping(text: str) -> bool:
    try:
        return bool(json.loads(text) == {"message": "ping"})
    except ValueError:
        return False
