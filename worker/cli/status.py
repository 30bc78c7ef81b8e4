"""`dialer status`: how the fleet does, for the person who is paged at night."""

import dataclasses
import shlex
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from config.masking import mask
from config.settings import Settings
from tasks.fleet.pause import ActivePause
from tasks.fleet.probe import Probe
from tasks.fleet.status import FleetStatus, look
from worker.cli.examples import examples
from worker.cli.output import print_fields, print_json
from worker.cli.store import settings_of, store
from worker.wiring import token_cache


@click.command("status", epilog=examples("dialer status", "dialer status --json | jq .pauses"))
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
def command(*, as_json: bool) -> None:
    """Show why the fleet waits, how fast it goes, what waits, and who works."""
    settings = settings_of()
    with store(settings) as redis:
        overview = look(redis, limit=settings.rate_limit)
        token_s = token_cache(settings, redis).remaining_s() if settings.client_id else None
    if as_json:
        probed = [dataclasses.asdict(probe) | {"number": mask(probe.number)} for probe in overview.probed]
        print_json(_plain(dataclasses.asdict(overview) | {"probed": probed, "token_s": token_s}))
    else:
        print_fields(_lines(overview, settings, token_s))


def _lines(overview: FleetStatus, settings: Settings, token_s: float | None) -> list[tuple[str, str]]:
    limit = settings.rate_limit
    lines = [("paused", _pause(entry)) for entry in overview.pauses]
    if overview.probing:
        lines.append(("probing", f"{overview.probing}: one job at a time, until a call is placed"))
    if not lines:
        lines.append(("paused", "no"))
    lines += [("probed", _probe(probe)) for probe in overview.probed]
    if overview.rejected_before_pause:
        commands = "; ".join(f"dialer retry {shlex.quote(job_id)}" for job_id in overview.rejected_before_pause)
        lines.append(("rejected", f"{len(overview.rejected_before_pause)} before the pause; once fixed: {commands}"))
    workers = f"{len(overview.workers)}, for {sum(overview.workers.values())} calls at once"
    return [
        *lines,
        ("pace", f"{limit.count} in {limit.period_s:g} s"),
        ("used", f"{overview.share_of_limit:.0%} of it ({overview.sent_last_minute} requests in the last minute)"),
        ("inbox", f"{overview.inbox} not yet taken in"),
        ("due", f"{overview.due} now ({overview.calls} of them with the workers), {overview.later} later"),
        ("in flight", str(overview.in_flight)),
        ("workers", workers if overview.workers else "none: start one with 'dialer worker'"),
        ("token", f"good for {_span(token_s)}" if token_s else "none yet"),
        ("drained in", "not while the fleet waits" if overview.drain_s is None else _span(overview.drain_s)),
    ]


def _probe(probe: Probe) -> str:
    return f"{probe.job_id}, number {mask(probe.number)}, batch {probe.batch or '(none)'}"


def _pause(entry: ActivePause) -> str:
    until = "until it is ended" if entry.until is None else f"for another {_span_until(entry.until)}"
    return f"{entry.reason}, since {entry.since:%Y-%m-%d %H:%M:%S} UTC, {until}: {entry.message}"


def _span_until(instant: datetime) -> str:
    return _span((instant - datetime.now(UTC)).total_seconds())


def _span(seconds: float) -> str:
    return str(timedelta(seconds=max(round(seconds), 0)))


def _plain(value: Any) -> Any:
    """As JSON has it: instants as ISO 8601, numbers rounded to what they mean."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    return round(value, 3) if isinstance(value, float) else value
