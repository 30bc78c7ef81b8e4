"""`dialer status`: shows the state of the fleet, for the on-call engineer."""

import dataclasses
import shlex
from datetime import datetime
from typing import Any

import click
from redis import Redis

from config.masking import mask
from config.settings import Settings
from tasks.fleet.drain import Basis
from tasks.fleet.probe import Probe
from tasks.fleet.status import FleetStatus, look
from tasks.fleet.users import UserStatus
from tasks.genesys.token import remaining_s
from worker.cli.examples import examples
from worker.cli.output import print_fields, print_json
from worker.cli.spans import pause_text, span
from worker.cli.store import settings_of, store
from worker.cli.watch import show, watch_option
from worker.queue_finding import named

#: Users that have a line of their own.
_MOST_USERS = 20


@click.command(
    "status", epilog=examples("dialer status", "dialer status --watch", "dialer status --json | jq .pauses")
)
@watch_option
@click.option("--json", "as_json", is_flag=True, help="Print the status as one JSON object.")
def command(*, watch: bool, as_json: bool) -> None:
    """Show pauses, the rate, the backlog and the workers."""
    settings = settings_of()
    with store(settings) as redis:
        show(lambda: _print(redis, settings, as_json=as_json), watch=watch)


def _print(redis: Redis, settings: Settings, *, as_json: bool) -> bool:
    status = look(redis, limit=settings.rate_limit)
    token_s = _token_s(settings, redis)
    if as_json:
        probed = [dataclasses.asdict(probe) | {"number": mask(probe.number)} for probe in status.probed]
        print_json(_plain(dataclasses.asdict(status) | {"probed": probed, "token_s": token_s}))
    else:
        print_fields(_lines(status, settings, token_s))
    return True


def _token_s(settings: Settings, redis: Redis) -> float | None:
    if not settings.client_id:
        return None
    return remaining_s(redis, client_id=settings.client_id, login_url=settings.login_url)


def _lines(status: FleetStatus, settings: Settings, token_s: float | None) -> list[tuple[str, str]]:
    limit = settings.rate_limit
    lines = [("paused", pause_text(entry)) for entry in status.pauses]
    if status.probing:
        lines.append(("probing", f"{status.probing}: one job at a time, until a call is placed"))
    if not lines:
        lines.append(("paused", "no"))
    lines += [("probed", _probe(probe)) for probe in status.probed]
    if status.rejected_before_pause:
        ids = status.rejected_before_pause
        lines.append(("rejected", f"{len(ids)} before the pause; once fixed: {_retry(ids)}"))
    workers = f"{len(status.workers)}, total concurrency {sum(status.workers.values())}"
    return [
        *lines,
        ("pace", f"{limit.count} requests in {limit.period_s:g} s"),
        (
            "rate used",
            f"{status.share_of_limit:.0%} of the limit ({status.sent_last_minute} requests in the last minute)",
        ),
        ("inbox", f"{status.inbox} not yet accepted"),
        *_unread(status.unread),
        ("due", f"{status.due} now ({status.calls} dispatched), {status.later} later"),
        ("in flight", str(status.in_flight)),
        *_users(status),
        ("workers", workers if status.workers else "none: start one with 'dialer worker'"),
        ("token", f"valid for {span(token_s)}" if token_s else "none yet"),
        ("backlog ETA", _drain(status)),
    ]


def _retry(job_ids: list[str]) -> str:
    """Return the command that retries these jobs; an id may begin like an option."""
    options_end = ["--"] if any(job_id.startswith("-") for job_id in job_ids) else []
    return shlex.join(["dialer", "retry", *options_end, *job_ids])


def _drain(status: FleetStatus) -> str:
    if status.drain_s is None:
        return {Basis.NO_WORKER: "no worker is running"}.get(status.drain_basis, str(status.drain_basis))
    if not status.drain_s:
        return "nothing is due"
    basis = "the pace" if status.drain_basis is Basis.PACE else "the present rate"
    return f"{span(status.drain_s)} at {basis}"


def _users(status: FleetStatus) -> list[tuple[str, str]]:
    """Return a line for each user who has calls, is set aside or is waited for, and one for all jobs that wait."""
    lines = [("waiting", f"{status.waiting_for_user} for a user")] if status.waiting_for_user else []
    lines += [("user", _user(user)) for user in status.users[:_MOST_USERS]]
    if left := status.users[_MOST_USERS:]:
        lines.append(("users", f"{len(left)} more, with {sum(user.calls for user in left)} calls; see --json"))
    return lines


def _user(user: UserStatus) -> str:
    said = [f"{user.user}: {user.calls} in progress"]
    if user.waiting:
        said.append(f"{user.waiting} jobs wait for this user")
    if user.missed:
        until = (
            f"until {user.aside_until:%H:%M:%S} UTC" if user.aside_until else "until available, or 'dialer resume'"
        )
        said.append(f"set aside {until} after {user.missed} missed calls")
    return ", ".join(said)


def _unread(lists: dict[str, int]) -> list[tuple[str, str]]:
    return [("unread lists", f"{named(lists)}; see 'dialer check'")] if lists else []


def _probe(probe: Probe) -> str:
    return f"{probe.job_id}, number {mask(probe.number)}, batch {probe.batch or '(none)'}"


def _plain(value: Any) -> Any:
    """Return a value for JSON: times in ISO 8601, numbers rounded to three decimal places."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    return round(value, 3) if isinstance(value, float) else value
