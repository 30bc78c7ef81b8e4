"""The one question that every fault answers: may this call be sent again?

    DialError
    ├── NotPlaced   certainly not placed: may be sent again
    ├── Refused     certainly refused: sending it again would change nothing
    └── Unknown     may have been placed: never sent again without a person's word

    JobError        the job itself is not what the contract says, or its number may not be dialed

Library errors are translated to these once, at the edge (`genesys`, `screening`, `intake`).
"""

from dataclasses import dataclass

from tasks.codes import WORDS, Code


@dataclass(frozen=True, kw_only=True)
class RateReading:
    """What an answer's `inin-ratelimit-*` headers say of the shared budget; `reset_s` in whole seconds."""

    count: int
    allowed: int
    reset_s: float


class JobError(Exception):
    """The job cannot be dialed as it is. `message` is safe to store and to print: it holds no number."""

    def __init__(self, code: Code, message: str | None = None) -> None:
        self.code = code
        self.message = message or WORDS[code].meaning
        super().__init__(self.message)


class DialError(Exception):
    """An attempt to place a call did not end in a conversation.

    `retry_after_s` is how long the API asks everybody to wait; None when it did not say.
    `correlation_id` is what Genesys support asks for.
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
    """Certainly not placed: the request never left, or the API refused it for a while. May be sent again."""


class Refused(DialError):
    """Certainly not placed, and the same request would be refused again."""


class Unknown(DialError):
    """The request left and no clear answer came: the phone may have rung. Never sent again by itself."""
