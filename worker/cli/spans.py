"""Spans of time as commands print them."""

from datetime import UTC, datetime, timedelta

from tasks.fleet.pause import ActivePause


def span(seconds: float) -> str:
    """Return a span in hours, minutes and seconds, such as `0:15:00`."""
    return str(timedelta(seconds=max(round(seconds), 0)))


def until_when(entry: ActivePause) -> str:
    """Return when a pause ends."""
    if entry.until is None:
        return "until it is ended"
    return f"for another {span((entry.until - datetime.now(UTC)).total_seconds())}"
