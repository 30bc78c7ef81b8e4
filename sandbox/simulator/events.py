"""Tells the channels of a call's progress, at each instant at which the conversation changes."""

import asyncio

from sandbox.simulator.calls import Call
from sandbox.simulator.channels import Channels, notification
from sandbox.simulator.media_view import call_event
from sandbox.simulator.organization import Organization


def calls_topic(user_id: str) -> str:
    """Return the topic that tells of all calls of a user."""
    return f"v2.users.{user_id}.conversations.calls"


def follow(organization: Organization, call: Call) -> None:
    """Schedule the events of an accepted call, and those of the call that it puts on hold."""
    instants = set(call.course.instants())
    told = [(call, instant) for instant in instants | ({call.held_at} if call.held_at is not None else set())]
    other = call.puts_on_hold
    if other is not None and other.held_at is not None:
        told.append((other, other.held_at))
    loop, now, channels = asyncio.get_running_loop(), organization.clock(), organization.channels
    for changed, instant in told:
        loop.call_later(max(instant - now, 0), tell, organization, channels, changed, instant)


def tell(organization: Organization, channels: Channels, call: Call, instant: float) -> None:
    """Send the call as it is at the instant to every open socket that listens. After a reset nobody does."""
    topic = calls_topic(call.user_id)
    sockets = channels.listening(topic)
    if sockets and not organization.behavior.deaf_channels:
        text = notification(topic, call_event(call, instant))
        for socket in sockets:
            socket.put_nowait(text)
