"""The results of a bench: figures with units for each contender, and the bars that Dialer must meet."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

PRODUCT: Final = "Dialer"
PLAIN: Final = "plain Celery task"
QUOTA: Final = "Celery rate_limit"
SCRIPT: Final = "guide's script"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """The minimum or maximum of every value of Dialer in a row."""

    least: float | None = None
    most: float | None = None

    def meets(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        return f"at least {self.least:g}" if self.least is not None else f"at most {self.most:g}"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One row: a value for each contender; None, or no entry, if it does not apply."""

    name: str
    unit: str = ""
    values: dict[str, float | None]
    bar: Bar | None = None

    def met(self) -> bool | None:
        """Return whether Dialer meets the bar; None if there is no bar. A missing value does not meet it."""
        if self.bar is None:
            return None
        ours = [value for contender, value in self.values.items() if contender.startswith(PRODUCT)]
        return bool(ours) and all(value is not None and self.bar.meets(value) for value in ours)


@dataclass(frozen=True, kw_only=True)
class BenchReport:
    """The results of one bench; `conditions` and `notes` are sentences for a reader."""

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
    """The parameters of a bench."""

    #: The number of jobs; None for the default of the bench.
    jobs: int | None
    #: Prints the progress.
    print_progress: Callable[[str], None]

    def count(self, usual: int, *, least: int = 1) -> int:
        """Return the number of jobs, which is at least `least`, because fewer jobs would measure nothing."""
        return max(self.jobs or usual, least)
