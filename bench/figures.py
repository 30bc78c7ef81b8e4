"""What a bench finds: figures with units, side by side for each contender, and the bar that Dialer's must meet."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

PRODUCT: Final = "Dialer"
PLAIN: Final = "plain Celery task"
QUOTA: Final = "Celery rate_limit"
SCRIPT: Final = "guide's script"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """What every figure of Dialer's in a row must be, at least or at the most."""

    least: float | None = None
    most: float | None = None

    def meets(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        return f"at least {self.least:g}" if self.least is not None else f"at most {self.most:g}"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One row: a value for each contender; None, or no entry, where it does not apply."""

    name: str
    unit: str = ""
    values: dict[str, float | None]
    bar: Bar | None = None

    def met(self) -> bool | None:
        """Whether Dialer meets the bar; None where there is none. A figure that is missing meets nothing."""
        if self.bar is None:
            return None
        ours = [value for contender, value in self.values.items() if contender.startswith(PRODUCT)]
        return bool(ours) and all(value is not None and self.bar.meets(value) for value in ours)


@dataclass(frozen=True, kw_only=True)
class BenchReport:
    """What one bench found; `conditions` and `notes` are sentences for a person."""

    title: str
    conditions: str
    figures: list[Figure]
    notes: list[str] = field(default_factory=list)

    @property
    def contenders(self) -> list[str]:
        """In the order in which they first appear."""
        return list(dict.fromkeys(name for figure in self.figures for name in figure.values))

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "conditions": self.conditions,
            "figures": [
                {
                    "name": figure.name,
                    "unit": figure.unit,
                    "values": figure.values,
                    "bar": str(figure.bar) if figure.bar else None,
                    "met": figure.met(),
                }
                for figure in self.figures
            ],
            "notes": self.notes,
        }


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a bench is asked for."""

    #: How many jobs; None for the bench's own number.
    jobs: int | None
    #: Tells a person how far it is.
    say: Callable[[str], None]

    def count(self, usual: int, *, least: int = 1) -> int:
        """Give the number of jobs; with fewer than `least` the bench would measure nothing."""
        return max(self.jobs or usual, least)
