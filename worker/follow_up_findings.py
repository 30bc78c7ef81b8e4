"""Whether the OAuth client may follow calls to their end, for `dialer check`: look-ups, events, searches."""

import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from config.settings import Settings
from tasks.errors import DialError
from tasks.genesys.client import Genesys
from tasks.genesys.event_socket import SocketLost
from tasks.genesys.look_up import SOURCES, NoNews
from tasks.genesys.search import Inquiry, calls_of_user, search_page
from worker.finding import Finding, Verdict

#: The id of a conversation that never exists.
_NO_CALL: Final = "00000000-0000-0000-0000-000000000000"
_LATER: Final = "results come later, from look-ups"


def follow_up_findings(settings: Settings, api: Genesys, token: str) -> Iterator[Finding]:
    """Try each kind of follow-up that the settings ask for."""
    yield _look_ups(api, token)
    if settings.hears_events:
        yield _events(settings, api, token)
    yield _searches(api, token)


def _look_ups(api: Genesys, token: str) -> Finding:
    """Ask each source for a call that does not exist, until the client may use one."""
    missing = []
    for source in SOURCES:
        try:
            api.look_up(source, [_NO_CALL], token=token)
        except NoNews as error:
            if error.status != HTTPStatus.FORBIDDEN:
                return Finding(check="follow-up", verdict=Verdict.WARN, message=f"it could not be tried: {error}")
            missing.append(source.permission)
        else:
            break
    if not missing:
        return Finding(check="follow-up", message=f"the client may look up {source.most} calls with one request")
    told = f"calls are looked up one by one, because the client lacks the permission {' and '.join(missing)}"
    return Finding(check="follow-up", verdict=Verdict.WARN, message=f"{told}; see docs/results.md")


def _events(settings: Settings, api: Genesys, token: str) -> Finding:
    """Open a channel as a worker does. It expires by itself, and is the first to go if there are too many."""
    try:
        channel = api.create_channel(token=token)
        api.listen(channel).close()
        refused = api.subscribe(channel, settings.user_ids, token=token)
    except (NoNews, SocketLost, DialError) as error:
        told = f"events of calls cannot be received ({error}), so {_LATER}"
        return Finding(check="events", verdict=Verdict.WARN, message=told)
    if refused.users:
        missing = " and ".join(refused.permissions)
        told = f"the client lacks the permission {missing}, so {_LATER}; see docs/results.md"
        return Finding(check="events", verdict=Verdict.WARN, message=told)
    return Finding(check="events", message="the client may receive the events of calls")


def _searches(api: Genesys, token: str) -> Finding:
    """Try each way to search for calls whose answers were lost, until the client may use one."""
    now = time.time()
    ways: list[Inquiry[Any]] = [search_page(now - 1, now), calls_of_user(_NO_CALL, now - 1, now)]
    missing = []
    for way in ways:
        try:
            api.ask(way, token=token)
        except NoNews as error:
            if error.status != HTTPStatus.FORBIDDEN:
                return Finding(check="lost answers", verdict=Verdict.WARN, message=f"it could not be tried: {error}")
            missing.append(way.permission)
        else:
            break
    lacks = f"because the client lacks the permission {' and '.join(missing)}; see docs/lost-answers.md"
    if not missing:
        return Finding(check="lost answers", message="the client may search for calls by their attributes")
    if len(missing) == len(ways):
        told = f"calls whose answers were lost are not searched for, {lacks}"
    else:
        told = f"calls whose answers were lost are searched for one by one, {lacks}"
    return Finding(check="lost answers", verdict=Verdict.WARN, message=told)
