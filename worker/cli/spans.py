"""Spans of time as commands print them."""

from datetime import UTC, datetime, timedelta

from tasks.fleet.pause import ActivePause


def span(seconds: float) -> str:
    """Return a span in hours, minutes and seconds, such as `0:15:00`."""
    return str(timedelta(seconds=max(round(seconds), 0)))


def moment(at_ms: float, *, short: bool = False) -> str:
    """Return a time as `2026-11-24 09:00:00 UTC`; `short` is without seconds and zone."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at:%Y-%m-%d %H:%M}" if short else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def pause_text(entry: ActivePause) -> str:
    """Return why the fleet is paused, and until when."""
    return f"{entry.reason}, since {entry.since:%Y-%m-%d %H:%M:%S} UTC, {until_when(entry)}: {entry.message}"


def until_when(entry: ActivePause) -> str:
    """Return when a pause ends."""
    if entry.until is None:
        return "until it is ended"
    return f"for another {span((entry.until - datetime.now(UTC)).total_seconds())}"
