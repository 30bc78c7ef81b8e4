"""One request of the follow-up: its token, and what its refusal means for the fleet."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final, Protocol, TypeVar

from tasks.fleet.pause import Pause, PauseReason
from tasks.genesys.look_up import NoNews

#: The pause after a 429 that does not say how long to wait, as after a call's.
_NO_RETRY_AFTER_S: Final = 2.0

Told = TypeVar("Told")


class TokenSource(Protocol):
    def current(self) -> str:
        """Return a token; raises NotPlaced."""

    def discard(self, token: str) -> None:
        """Remove a token that the API rejected."""


class Asking:
    """Sends requests that only read, or subscribe to events; they may be sent again."""

    def __init__(self, *, tokens: TokenSource, pause: Pause) -> None:
        self._tokens = tokens
        self._pause = pause

    def ask(self, request: Callable[[str], Told]) -> Told:
        """Send the request with a token. Raises NoNews, NotPlaced and LedgerUnavailable."""
        token = self._tokens.current()
        try:
            return request(token)
        except NoNews as error:
            if error.status == HTTPStatus.UNAUTHORIZED:
                self._tokens.discard(token)
            elif error.status == HTTPStatus.TOO_MANY_REQUESTS:
                # The limit is that of the whole fleet, so its calls wait too.
                self._pause.begin(PauseReason.RATE_LIMIT, str(error), for_s=error.retry_after_s or _NO_RETRY_AFTER_S)
            raise
