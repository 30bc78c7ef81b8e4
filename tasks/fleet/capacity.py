"""How many calls a user may have at once, and who the users of the fleet are (`lua/parts/capacity.lua`).

A call holds its user from its slot of the pace until it has ended. A job whose users are all taken waits, without
nudges, until one of them is free.
"""

from dataclasses import dataclass
from typing import Any, Final

from tasks.job import Job

#: So soon, a placed call is looked at for the first time while a job waits for a user.
QUICK_LOOK_S: Final = 5.0


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What the settings say of users."""

    #: 0: any number.
    calls_per_user: int = 0
    #: A hold of which nothing is heard ends after this time.
    longest_call_s: float = 7200.0
    #: The users of the fleet; a job that names no user goes to the one who has been free the longest.
    users: tuple[str, ...] = ()

    @property
    def longest_call_ms(self) -> int:
        return int(self.longest_call_s * 1000)

    def wait_argument(self, job: Job) -> dict[str, Any]:
        """Return whom the job waits for, as `settle.lua` needs it."""
        candidates = [job.user_id] if job.user_id else list(self.users)
        return {"user": job.user_id or "", "candidates": candidates, "limit": self.calls_per_user}

    def hold_argument(self, user: str) -> dict[str, Any] | None:
        """Return the hold of a placed call, as `lua/parts/follow.lua` needs it."""
        return {"user": user, "longest_ms": self.longest_call_ms} if self.calls_per_user and user else None
