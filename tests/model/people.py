"""Those who look first and act later, with any step of anybody between the two."""

from typing import Any, Self

from tasks.ledger.cancel_retry import CancelRetry
from tasks.ledger.reaper import Reaper
from tests.support.ground import Ground

Seen = tuple[str | None, str | None, int, str]


class Clerk(CancelRetry):
    """Cancels and retries, by what was seen of the job when `seen` was noted."""

    seen: Seen = (None, None, 0, "")

    @classmethod
    def beside(cls, ground: Ground) -> Self:
        return cls(ground.redis, retention_s=3600)

    def see(self, job_id: str) -> Seen:
        return super()._look(job_id)

    def _look(self, _job_id: str) -> Seen:
        return self.seen


class Housekeeper(Reaper):
    """Reaps and expires, by what was overdue when `found` was noted."""

    found: tuple[tuple[str, str | None, int], ...] = ()

    @classmethod
    def beside(cls, ground: Ground) -> Self:
        return cls(ground.redis, retention_s=3600)

    def find(self, key: str) -> tuple[tuple[str, str | None, int], ...]:
        return tuple(super()._overdue(key, 100))

    def _overdue(self, _key: str, _limit: int) -> Any:
        return list(self.found)
