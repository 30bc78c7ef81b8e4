"""One OAuth token for the whole fleet, kept in Redis, fetched by one worker at a time.

    life of a token   issued ────────────── refreshed early, by one ─────── not used any more ── expires
    what is left                            10 %, at most 5 min             5 %, at most 30 s

Each call asks Redis, one round trip. A copy in the process would save it, and would go on using a token that
another worker has just found to be revoked: one call refused with 401 costs more than many round trips.
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
#: Genesys Cloud issues tokens for 5 minutes to 48 hours; a longer life is not believed.
_LONGEST_LIFE_S: Final = 48 * 3600.0
_SHORTEST_LIFE_S: Final = 0.001
#: How long a failed request speaks for the fleet, when the API did not say, and at most when it did.
_FAILURE_S: Final = 2.0
_LONGEST_FAILURE_S: Final = 300.0
_LOCK_MARGIN_S: Final = 1.0


class TokenCache:
    """The fleet's token. Every method raises LedgerUnavailable when Redis does not answer.

    `redis` decodes replies. `fetch` asks the token endpoint once, within `fetch_s`, or raises NotPlaced.
    `wait_s` bounds a caller's wait for another worker's request; its own is repeated in the first half of
    that. `sleep` is how it waits.
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
        # A holder that dies blocks the others no longer than this; only one that froze is overtaken.
        self._lock_ms = int((self._retry_within_s + fetch_s + _LOCK_MARGIN_S) * 1000)
        self._sleep = sleep
        # Two OAuth clients in one database do not share a token.
        client = hashlib.sha256(f"{login_url}\n{client_id}".encode()).hexdigest()[:16]
        self._token_key, self._lock_key, self._failure_key = (
            keys.token(client),
            keys.token_lock(client),
            keys.token_failure(client),
        )
        names = ("take", "store", "fail", "discard")
        self._scripts = {name: redis.register_script(source(f"token_{name}")) for name in names}

    def current(self) -> str:
        """Return a token that is good for at least one more call.

        Raises NotPlaced: CREDENTIALS_REFUSED, or TOKEN_UNAVAILABLE when the endpoint gives none, or another
        worker got none within `wait_s`.
        """
        owner = secrets.token_hex(16)
        look = Retrying(
            retry=retry_if_result(lambda token: token is None),
            stop=stop_before_delay(self._wait_s),
            wait=wait_random(0.05, 0.2),
            sleep=self._sleep,
            retry_error_callback=self._waited_in_vain,
        )
        token = cast("str", look(self._look, owner))
        add_secret(token)
        return token

    def discard(self, token: str) -> None:
        """Drop a token that was answered with 401, unless the fleet already has another."""
        if self._scripts["discard"](keys=[self._token_key], args=[token]):
            log.warning("Genesys Cloud refused the token before its time; fetching another.")

    def remaining_s(self) -> float | None:
        """Return for how long the fleet's token may still be used; None when there is none."""
        left_ms: Any = self._redis.pttl(self._token_key)
        return left_ms / 1000 if left_ms >= 0 else None

    def _look(self, owner: str) -> str | None:
        """Return the token, or None to look again a moment later."""
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
        """Fetch as the lock's owner. While a token is in use, a failure is no reason to stop or to insist."""
        request = Retrying(
            retry=retry_if_exception(_may_pass),
            stop=stop_after_attempt(1 if in_use else _ATTEMPTS) | stop_before_delay(self._retry_within_s),
            wait=_pause_s,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            token, life_s, refresh_s = request(self._request)
        except BaseException as error:
            self._remember(owner, error)
            if in_use and isinstance(error, Exception):
                defect = not isinstance(error, NotPlaced)
                log.warning("No early refresh of the token (%s); the old one goes on.", error, exc_info=defect)
                return None
            raise
        used: str = self._scripts["store"](
            keys=[self._token_key, self._lock_key],
            args=[owner, token, int(life_s * 1000), int(refresh_s * 1000)],
        )
        log.info("The fleet has a new token, to be used for %.0f s.", life_s)
        return used

    def _request(self) -> tuple[str, float, float]:
        """One request: the token, for how long to use it, and what is left of that when to refresh it."""
        started = time.monotonic()
        grant = self._fetch()
        took_s = time.monotonic() - started
        whole_s = min(grant.expires_in_s, _LONGEST_LIFE_S)
        unused_s = min(whole_s * 0.05, 30.0)
        life_s = whole_s - unused_s - took_s
        if not grant.access_token or not life_s >= _SHORTEST_LIFE_S:  # this way round refuses NaN too
            raise NotPlaced(Code.TOKEN_UNAVAILABLE, f"The token endpoint gave a token for {grant.expires_in_s} s.")
        return grant.access_token, life_s, min(whole_s * 0.1, 300.0) - unused_s

    def _remember(self, owner: str, error: BaseException) -> None:
        if not isinstance(error, NotPlaced):
            error = NotPlaced(Code.TOKEN_UNAVAILABLE)
        told = error.retry_after_s is not None
        seconds = min(max(error.retry_after_s or 0.0, _FAILURE_S), _LONGEST_FAILURE_S)
        self._scripts["fail"](
            keys=[self._lock_key, self._failure_key],
            args=[owner, error.code, error.message, int(told), int(seconds * 1000)],
        )

    def _waited_in_vain(self, _: RetryCallState) -> None:
        raise NotPlaced(
            Code.TOKEN_UNAVAILABLE,
            f"Another worker asked for a token and had none within {self._wait_s:g} s.",
        )


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, NotPlaced) and error.code is not Code.CREDENTIALS_REFUSED


def _pause_s(state: RetryCallState) -> float:
    """Wait as the API asked, else a short moment; `stop_before_delay` gives up when that is too long."""
    error = state.outcome.exception() if state.outcome else None
    asked_s = error.retry_after_s if isinstance(error, NotPlaced) else None
    return asked_s or wait_random(0.1, 0.4)(state)
