"""Errors, grouped by one question: may this call be sent again?

    DialError
    ├── NotPlaced   the call was certainly not placed: it may be sent again
    ├── Refused     the call was certainly refused: the same request would be refused again
    └── Unknown     the call may have been placed: it is sent again only after a person's confirmation

    JobError            the job is invalid, or its number may not be dialed
    LedgerUnavailable   Redis does not answer, or refuses a command; it may have executed the command

Library errors are translated to these where the library is called (`genesys`, `screening`, `intake`, `store.client`).
"""

from dataclasses import dataclass

from tasks.codes import WORDS, Code


@dataclass(frozen=True, kw_only=True)
class RateReading:
    """The `inin-ratelimit-*` headers of an answer; `reset_s` is in whole seconds."""

    count: int
    allowed: int
    reset_s: float


class JobError(Exception):
    """The job cannot be dialed as it is. `message` contains no phone number, so it may be stored and printed."""

    def __init__(self, code: Code, message: str | None = None) -> None:
        self.code = code
        self.message = message or WORDS[code].meaning
        super().__init__(self.message)


class LedgerUnavailable(Exception):
    """Redis does not answer, or refuses a command; `__cause__` is the library's error.

    Redis may have executed the command or not. Each step of the ledger can be repeated safely.
    """


class DialError(Exception):
    """An attempt to place a call did not end in a conversation.

    `retry_after_s` is the time that the API asks all clients to wait; None if it named no time.
    `correlation_id` is the id that Genesys support asks for.
    """

    def __init__(
        self,
        code: Code,
        message: str | None = None,
        *,
        http_status: int | None = None,
        correlation_id: str | None = None,
        retry_after_s: float | None = None,
        reading: RateReading | None = None,
    ) -> None:
        self.code = code
        self.message = message or WORDS[code].meaning
        self.http_status = http_status
        self.correlation_id = correlation_id
        self.retry_after_s = retry_after_s
        self.reading = reading
        super().__init__(self.message)


class NotPlaced(DialError):
    """The request was not sent, or the API refused it temporarily. It may be sent again."""


class Refused(DialError):
    """The API refused the request, and would refuse the same request again."""


class Unknown(DialError):
    """The request was sent and got no clear answer: the phone may have rung. It is not sent again automatically."""
