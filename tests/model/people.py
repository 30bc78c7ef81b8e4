"""One who looks first and acts later, with any step of anybody between the two."""

from typing import Any, Self

from tasks.ledger.reaper import Reaper
from tests.support.ground import Ground


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
