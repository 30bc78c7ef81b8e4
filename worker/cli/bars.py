"""A bar and a sparkline: pictures of numbers for a terminal."""

import sys
from collections.abc import Sequence
from typing import Final

#: Empty, full, and the heights of a sparkline; a terminal that cannot show them gets ASCII.
_DRAWN: Final = ("░", "█", "▁▂▃▄▅▆▇█")
_ASCII: Final = ("-", "#", "_.:-=+*#")


def bar(done: int, total: int, *, width: int) -> str:
    """Return a bar that is full when all is done, and not before."""
    empty, full, _ = _signs()
    filled = done * width // total if total else 0
    return full * filled + empty * (width - filled)


def sparkline(counts: Sequence[int]) -> str:
    """Return one sign a number; 0 is a space, and the largest number has the largest sign."""
    heights = _signs()[2]
    most = max(counts, default=0)
    return "".join(heights[(count * len(heights) - 1) // most] if count else " " for count in counts)


def _signs() -> tuple[str, str, str]:
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    try:
        "".join(_DRAWN).encode(encoding)
    except UnicodeEncodeError:
        return _ASCII
    return _DRAWN
