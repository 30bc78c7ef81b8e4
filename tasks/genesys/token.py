"""One OAuth token for the whole fleet. It is stored in Redis, and one worker at a time requests it.

    token               issued ────────────── refreshed early ──────────── last use ──────────── expires
    remaining lifetime                        10 %, at most 5 minutes      5 %, at most 30 s

Each call reads the token from Redis, which takes one round trip. A copy in the process would save it, but the process
would then use a token that another worker has found to be revoked. One call that is refused with 401 costs more than
many round trips.
"""

import hashlib
import logging
import secrets
import time
from collections.abc import Callable
from typing import Any, Final, cast

from redis import Redis
from tenacity import RetryCallState, Retrying
from tenacity.retry import retry_if_exception, retry_if_result
from tenacity.stop import stop_after_attempt, stop_before_delay
from tenacity.wait import wait_random

from config.logging import add_secret
from tasks.codes import Code
from tasks.errors import NotPlaced
from tasks.genesys.oauth import Grant
from tasks.store import keys
from tasks.store.scripts import source

log = logging.getLogger("dialer.token")

_ATTEMPTS: Final = 3
#: Tokens of Genesys Cloud are valid for 5 minutes to 48 hours; a longer lifetime is not trusted.
_LONGEST_LIFE_S: Final = 48 * 3600.0
_SHORTEST_LIFE_S: Final = 0.001
#: How long the fleet does not repeat a failed request: without a time from the API, and at most.
_FAILURE_S: Final = 2.0
_LONGEST_FAILURE_S: Final = 300.0
_LOCK_MARGIN_S: Final = 1.0


def remaining_s(redis: Redis, *, client_id: str, login_url: str) -> float | None:
    """Return how many seconds the fleet's token may still be used; None if there is no token.

    Raises LedgerUnavailable when Redis does not answer.
    """
    left_ms: Any = redis.pttl(keys.token(_client(client_id, login_url)))
    return left_ms / 1000 if left_ms >= 0 else None


class TokenCache:
    """The fleet's token. Every method raises LedgerUnavailable when Redis does not answer.

    `redis` must decode replies. `fetch` sends one request to the token endpoint, within `fetch_s`; it raises
    NotPlaced. `wait_s` is the longest time that a caller waits for the request of another worker. A caller repeats
    its own request during the first half of that time. `sleep` waits for a number of seconds.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        fetch: Callable[[], Grant],
        client_id: str,
        login_url: str,
        fetch_s: float = 4.0,
        wait_s: float = 5.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._redis = redis
        self._fetch = fetch
        self._wait_s = wait_s
        self._retry_within_s = wait_s / 2
        # A worker that dies with the lock blocks the others for this time. The lock outlives every request, so that
        # only a suspended worker can lose it.
        self._lock_ms = int((self._retry_within_s + fetch_s + _LOCK_MARGIN_S) * 1000)
        self._sleep = sleep
        client = _client(client_id, login_url)
        self._token_key, self._lock_key, self._failure_key = (
            keys.token(client),
            keys.token_lock(client),
            keys.token_failure(client),
        )
        names = ("take", "store", "fail", "discard")
        self._scripts = {name: redis.register_script(source(f"token_{name}")) for name in names}

    def current(self) -> str:
        """Return a token that is valid for at least one more call.

        Raises NotPlaced: CREDENTIALS_REFUSED, or TOKEN_UNAVAILABLE if the endpoint returns no token, or if another
        worker got no token within `wait_s`.
        """
        owner = secrets.token_hex(16)
        look = Retrying(
            retry=retry_if_result(lambda token: token is None),
            stop=stop_before_delay(self._wait_s),
            wait=wait_random(0.05, 0.2),
            sleep=self._sleep,
            retry_error_callback=self._raise_after_waiting,
        )
        token = cast("str", look(self._look, owner))
        add_secret(token)
        return token

    def discard(self, token: str) -> None:
        """Remove a token that was rejected with 401, unless the fleet already uses another one."""
        if self._scripts["discard"](keys=[self._token_key], args=[token]):
            log.warning("token rejected before it expired; requesting a new one")

    def _look(self, owner: str) -> str | None:
        """Return the token, or None if the caller must wait and look again."""
        names = [self._token_key, self._lock_key, self._failure_key]
        match self._scripts["take"](keys=names, args=[owner, self._lock_ms]):
            case ["use", str(token)]:
                return token
            case ["fetch", str(old)]:
                return self._refresh(owner, in_use=bool(old))
            case ["wait"]:
                return None
            case ["failed", str(code), str(message), str(wait_ms)]:
                raise NotPlaced(Code(code), message, retry_after_s=float(wait_ms) / 1000 if wait_ms else None)
        raise TypeError("TokenCache needs a Redis client with decode_responses=True.")

    def _refresh(self, owner: str, *, in_use: bool) -> str | None:
        """Request a token as the owner of the lock. While the old token is valid, a failure is only logged."""
        request = Retrying(
            retry=retry_if_exception(_is_temporary),
            stop=stop_after_attempt(1 if in_use else _ATTEMPTS) | stop_before_delay(self._retry_within_s),
            wait=_pause_s,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            token, life_s, refresh_s = request(self._request)
        except BaseException as error:
            self._store_failure(owner, error)
            if in_use and isinstance(error, Exception):
                defect = not isinstance(error, NotPlaced)
                log.warning("early token refresh failed (%s); using the old token", error, exc_info=defect)
                return None
            raise
        used: str = self._scripts["store"](
            keys=[self._token_key, self._lock_key],
            args=[owner, token, int(life_s * 1000), int(refresh_s * 1000)],
        )
        log.info("new token stored for the fleet; valid for %.0f s", life_s)
        return used

    def _request(self) -> tuple[str, float, float]:
        """Send one request; return the token, how long to use it, and the remaining time at which to refresh it."""
        started = time.monotonic()
        grant = self._fetch()
        took_s = time.monotonic() - started
        whole_s = min(grant.expires_in_s, _LONGEST_LIFE_S)
        unused_s = min(whole_s * 0.05, 30.0)
        life_s = whole_s - unused_s - took_s
        if not grant.access_token or not life_s >= _SHORTEST_LIFE_S:  # this form also refuses NaN
            raise NotPlaced(
                Code.TOKEN_UNAVAILABLE,
                f"The token endpoint returned a token that is valid for {grant.expires_in_s} s.",
            )
        return grant.access_token, life_s, min(whole_s * 0.1, 300.0) - unused_s

    def _store_failure(self, owner: str, error: BaseException) -> None:
        if not isinstance(error, NotPlaced):
            error = NotPlaced(Code.TOKEN_UNAVAILABLE)
        wait_known = error.retry_after_s is not None
        seconds = min(max(error.retry_after_s or 0.0, _FAILURE_S), _LONGEST_FAILURE_S)
        self._scripts["fail"](
            keys=[self._lock_key, self._failure_key],
            args=[owner, error.code, error.message, int(wait_known), int(seconds * 1000)],
        )

    def _raise_after_waiting(self, _: RetryCallState) -> None:
        raise NotPlaced(
            Code.TOKEN_UNAVAILABLE,
            f"Another worker requested a token, and got none within {self._wait_s:g} s.",
        )


def _client(client_id: str, login_url: str) -> str:
    """Return the name of an OAuth client in keys: two clients in the same database have separate tokens."""
    return hashlib.sha256(f"{login_url}\n{client_id}".encode()).hexdigest()[:16]


def _is_temporary(error: BaseException) -> bool:
    return isinstance(error, NotPlaced) and error.code is not Code.CREDENTIALS_REFUSED


def _pause_s(state: RetryCallState) -> float:
    """Return the wait that the API asked for, else a short one. `stop_before_delay` gives up if it is too long."""
    error = state.outcome.exception() if state.outcome else None
    asked_s = error.retry_after_s if isinstance(error, NotPlaced) else None
    return asked_s or wait_random(0.1, 0.4)(state)
