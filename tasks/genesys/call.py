"""The call that an attempt requests, and the call that Genesys Cloud has accepted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tasks.errors import RateReading

#: Attributes of each conversation in the profile `public`: the job, and the fence of the attempt.
JOB_ID: Final = "dialerJobId"
ATTEMPT: Final = "dialerAttempt"


@dataclass(frozen=True, kw_only=True)
class CallRequest:
    """The data that a profile needs to place one call; repr shows no phone number."""

    job_id: str
    #: The fence of the attempt: together with the job id, it tells this call from every other one of the job.
    attempt: int
    #: E.164, "+" and digits only.
    to: str = field(repr=False)
    #: E.164. It may be empty in the profile `public`: the callee then sees the user's own number.
    caller_id: str = field(repr=False)
    user_id: str
    wrap_up_code_id: str
    attributes: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class PlacedCall:
    """A call that Genesys Cloud accepted."""

    conversation_id: str
    http_status: int
    correlation_id: str | None
    reading: RateReading | None
