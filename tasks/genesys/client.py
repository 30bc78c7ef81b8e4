"""Genesys Cloud's API over HTTP: places a call, asks what became of calls, or requests a token, a limit or events.

No POST that places a call is ever sent twice. `profiles`, `look_up`, `search` and `notifications` build the request.
`http` sends it and reads the answer; its connections (`connection`) record whether a byte of the request was written,
and enforce a deadline. `answers` has the meaning of each answer to a call, `oauth` of each answer to a token request,
and `limits` of the answer about the rate limit. `event_socket` is the WebSocket on which events come.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar
from urllib.parse import quote

from config.settings import Profile, Settings
from tasks.errors import DialError
from tasks.genesys.answers import Answer, no_answer, read_call
from tasks.genesys.call import CallRequest, PlacedCall
from tasks.genesys.event_socket import EventSocket, SocketLost
from tasks.genesys.headers import one_line
from tasks.genesys.http import Http, NoAnswer
from tasks.genesys.legs import CallLeg
from tasks.genesys.limits import PATH, LimitUnknownError, read_limit
from tasks.genesys.look_up import LookUpSource, NoNews, read_look_up
from tasks.genesys.notifications import (
    CHANNELS_PATH,
    NewChannel,
    RefusedTopics,
    read_channel,
    read_refused,
    subscription,
)
from tasks.genesys.oauth import Grant, no_grant, read_grant
from tasks.genesys.profiles import ApiRequest, call_post, read_events, read_get, read_query, token_post
from tasks.genesys.search import Inquiry

__all__ = ["CallRequest", "Genesys", "Grant", "PlacedCall"]

log = logging.getLogger("dialer.genesys")
T = TypeVar("T")

#: A job that waits for a token has only the short lease of `preparing`.
TOKEN_DEADLINE_S: Final = 4.0
#: The worker that asks has a lease, which must not end meanwhile.
EVENTS_DEADLINE_S: Final = 4.0


class Genesys:
    """The client of one process; it is thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._http = Http(connect_timeout_s=settings.connect_timeout_s, read_timeout_s=settings.read_timeout_s)

    def place_call(self, request: CallRequest, *, token: str, deadline_s: float | None = None) -> PlacedCall:
        """Send the POST once, within `deadline_s` of wall-clock time; raises NotPlaced, Refused or Unknown."""
        post = call_post(self._settings, request, token)
        if deadline_s is None:
            deadline_s = self._settings.call_deadline_s
        try:
            answer = self._http.send(post, deadline_s=deadline_s)
        except NoAnswer as e:
            error = no_answer(e.fault, e.reason)
            _log_failure(request, error)
            raise error from e
        try:
            return read_call(answer)
        except DialError as error:
            _log_failure(request, error)
            raise

    def look_up(
        self, source: LookUpSource, conversation_ids: Sequence[str], *, token: str
    ) -> dict[str, list[CallLeg]]:
        """Ask what became of at most `source.most` calls; return the legs of those that are known.

        Raises NoNews, and NotPlaced if the token cannot be part of a request.
        """
        request = read_get(self._settings, source.path(conversation_ids), token)
        try:
            answer = self._http.send(request, deadline_s=self._settings.call_deadline_s)
        except NoAnswer as e:
            raise NoNews(None, f"Genesys Cloud did not answer a look-up of calls: {e.reason}") from e
        return read_look_up(answer)

    def create_channel(self, *, token: str) -> NewChannel:
        """Request a channel for events of calls; raises NoNews, and NotPlaced as above."""
        return read_channel(self._ask_for_events(read_events(self._settings, "POST", CHANNELS_PATH, token)))

    def subscribe(self, channel: NewChannel, user_ids: Iterable[str], *, token: str) -> RefusedTopics:
        """Let the channel tell of the calls of these users only; raises NoNews, and NotPlaced as above."""
        path = f"{CHANNELS_PATH}/{quote(channel.id, safe='')}/subscriptions?ignoreErrors=true"
        request = read_events(self._settings, "PUT", path, token, subscription(user_ids))
        return read_refused(self._ask_for_events(request))

    def listen(self, channel: NewChannel) -> EventSocket:
        """Open the WebSocket of a channel; raises SocketLost."""
        if self._settings.api_url.startswith("https:") and not channel.connect_uri.startswith("wss:"):
            raise SocketLost("Genesys Cloud named an address without encryption")
        return EventSocket(channel.connect_uri)

    def _ask_for_events(self, request: ApiRequest) -> Answer:
        try:
            return self._http.send(request, deadline_s=min(EVENTS_DEADLINE_S, self._settings.call_deadline_s))
        except NoAnswer as e:
            raise NoNews(None, f"Genesys Cloud did not answer a request for events of calls: {e.reason}") from e

    def ask(self, question: Inquiry[T], *, token: str) -> T:
        """Ask a question about calls whose answer was lost, or about users, and return what was read.

        Raises NoNews, and NotPlaced if the token cannot be part of a request.
        """
        if question.body is None:
            request = read_get(self._settings, question.path, token)
        else:
            request = read_query(self._settings, question.path, question.body, token)
        try:
            answer = self._http.send(request, deadline_s=self._settings.call_deadline_s)
        except NoAnswer as e:
            raise NoNews(None, f"Genesys Cloud did not answer {question.name}: {e.reason}") from e
        return question.read(answer)

    def request_token(self) -> Grant:
        """Request a token; raises NotPlaced with CREDENTIALS_REFUSED or TOKEN_UNAVAILABLE."""
        try:
            deadline_s = min(TOKEN_DEADLINE_S, self._settings.call_deadline_s)
            answer = self._http.send(token_post(self._settings), deadline_s=deadline_s)
        except NoAnswer as e:
            raise no_grant(e.fault, e.reason) from e
        return read_grant(answer)

    def request_limit(self, token: str) -> int:
        """Request how many requests a minute a token may send; raises LimitUnknownError."""
        if self._settings.profile is Profile.GUIDE:
            raise LimitUnknownError("only GENESYS_CLOUD_PROFILE=public has a request for it")
        try:
            deadline_s = min(TOKEN_DEADLINE_S, self._settings.call_deadline_s)
            answer = self._http.send(read_get(self._settings, PATH, token), deadline_s=deadline_s)
        except NoAnswer as e:
            raise LimitUnknownError(f"{e.fault} ({one_line(e.reason)})") from e
        return read_limit(answer)


def _log_failure(request: CallRequest, error: DialError) -> None:
    log.warning(
        "no call placed: %s",
        error.message,
        extra={
            "job_id": request.job_id,
            "code": error.code.value,
            "http_status": error.http_status,
            "correlation_id": error.correlation_id,
        },
    )
