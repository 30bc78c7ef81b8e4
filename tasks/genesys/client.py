"""Genesys Cloud over HTTP: place a call, request a token. Nothing here is ever sent twice.

Below it: `profiles` say what is written; `exchange` sends one POST and reads its answer, over `wire`, whose
connection notes whether a byte of the request was written and keeps to a deadline; `answers` holds the table
of what an answer, or none, means for the call; `oauth` the same for a token.
"""

import logging
from typing import Final

from config.settings import Settings
from tasks.errors import DialError
from tasks.genesys.answers import no_answer, read_call
from tasks.genesys.call import CallRequest, PlacedCall
from tasks.genesys.http import Http, NoAnswer
from tasks.genesys.oauth import Grant, no_grant, read_grant
from tasks.genesys.profiles import call_post, token_post

__all__ = ["CallRequest", "Genesys", "Grant", "PlacedCall"]

log = logging.getLogger("dialer.genesys")

#: A job waits for its token under the short lease of `preparing`.
TOKEN_DEADLINE_S: Final = 4.0


class Genesys:
    """One for a process; safe to use from many threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._http = Http(connect_timeout_s=settings.connect_timeout_s, read_timeout_s=settings.read_timeout_s)

    def place_call(self, request: CallRequest, *, token: str, deadline_s: float | None = None) -> PlacedCall:
        """POST the call once; raises NotPlaced, Refused or Unknown. All within `deadline_s` of wall clock."""
        post = call_post(self._settings, request, token)
        if deadline_s is None:
            deadline_s = self._settings.call_deadline_s
        try:
            answer = self._http.post(post, deadline_s=deadline_s)
        except NoAnswer as e:
            error = no_answer(e.fault, e.reason)
            _log_failure(request, error)
            raise error from e
        try:
            return read_call(answer)
        except DialError as error:
            _log_failure(request, error)
            raise

    def request_token(self) -> Grant:
        """Fetch a token; raises NotPlaced with CREDENTIALS_REFUSED or, maybe timed, TOKEN_UNAVAILABLE."""
        try:
            deadline_s = min(TOKEN_DEADLINE_S, self._settings.call_deadline_s)
            answer = self._http.post(token_post(self._settings), deadline_s=deadline_s)
        except NoAnswer as e:
            raise no_grant(e.fault, e.reason) from e
        return read_grant(answer)


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
