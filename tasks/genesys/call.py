"""The call as the use case asks for it, and as Genesys Cloud confirms it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tasks.errors import RateReading


@dataclass(frozen=True, kw_only=True)
class CallRequest:
    """What a profile needs to place one call; repr shows no phone number."""

    job_id: str
    #: E.164, "+" and digits only.
    to: str = field(repr=False)
    #: E.164; may be empty in the profile `public`, where the user's own number is then shown.
    caller_id: str = field(repr=False)
    user_id: str
    wrap_up_code_id: str
    attributes: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class PlacedCall:
    """Genesys Cloud accepted the call."""

    conversation_id: str
    http_status: int
    correlation_id: str | None
    reading: RateReading | None
