"""`dialer check`: everything that must be right before calls are placed, each with its fix."""

from collections.abc import Iterator

import click

from config.redis_address import read_address
from config.settings import Settings, SettingsError, load
from tasks.errors import DialError, JobError, LedgerUnavailable
from tasks.genesys.client import Genesys
from tasks.genesys.limits import LimitUnknownError
from tasks.redial import read_redial
from tasks.screening.caller_id import default_caller_id
from tasks.screening.rules import rules_of
from worker.api_faults import explain
from worker.cli.errors import CommandError
from worker.cli.examples import examples
from worker.cli.output import print_json
from worker.cli.store import env_file, redis_fault, wrong_caller_id
from worker.connection import connect
from worker.finding import Finding, Verdict
from worker.follow_up_findings import follow_up_findings
from worker.queue_finding import queue_findings
from worker.redis_findings import redis_findings

_COLORS = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}


@click.command(
    "check", epilog=examples("dialer check", "dialer check --json | jq '.[] | select(.verdict == \"fail\")'")
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array of {check, verdict, message}.")
def command(*, as_json: bool) -> None:
    """Check settings, Redis, caller ID, credentials and rate limit. No call is placed, and Redis is not changed.

    Each line says ok, warn or fail, and how to fix it. Exit 1 when anything failed.
    """
    found = []
    for finding in findings():
        found.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        print_json([finding.as_json() for finding in found])
    if any(finding.verdict is Verdict.FAIL for finding in found):
        raise click.exceptions.Exit(CommandError.exit_code)


def findings() -> Iterator[Finding]:
    """Look at one thing after the other; what cannot be looked at for a fault before it is left out."""
    try:
        settings = load(dotenv=env_file(), credentials=True)
    except SettingsError as error:
        for fault in error.faults:
            yield Finding(check="settings", verdict=Verdict.FAIL, message=fault)
        incomplete = _without_credentials()
        if incomplete:
            yield from _redis(incomplete)
        return
    yield Finding(check="settings", message=f"complete; read from {_sources()}")
    yield from _redis(settings)
    yield _caller_id(settings)
    yield from _redial(settings)
    yield from _api(settings)


def _sources() -> str:
    """Where the settings came from: a file that is not where somebody expects it is a common mistake."""
    file = env_file()
    if file.is_file():
        return f"the environment, and from {file.resolve()}"
    return f"the environment; there is no file {file.resolve()}"


def _without_credentials() -> Settings | None:
    try:
        return load(dotenv=env_file(), credentials=False)
    except SettingsError:
        return None


def _redis(settings: Settings) -> Iterator[Finding]:
    try:
        with connect(settings, retries=0) as redis:
            yield from redis_findings(redis, read_address(settings.redis_url.reveal()).shown)
            yield from queue_findings(redis)
    except LedgerUnavailable as error:
        yield Finding(check="redis", verdict=Verdict.FAIL, message=redis_fault(settings.redis_url, error))


def _caller_id(settings: Settings) -> Finding:
    try:
        address = default_caller_id(rules_of(settings))
    except JobError as error:
        return Finding(check="caller id", verdict=Verdict.FAIL, message=wrong_caller_id(error))
    return Finding(
        check="caller id", message=f"a number in {address.region}; only a call shows whether Genesys Cloud accepts it"
    )


def _redial(settings: Settings) -> Iterator[Finding]:
    try:
        redial = read_redial("DIALER_REDIAL", settings.redial)
    except JobError as error:
        yield Finding(check="redial", verdict=Verdict.FAIL, message=error.message)
        return
    if redial and not settings.follows_calls:
        unfollowed = "DIALER_REDIAL has no effect, because calls are not followed (docs/results.md)"
        yield Finding(check="redial", verdict=Verdict.WARN, message=unfollowed)


def _api(settings: Settings) -> Iterator[Finding]:
    api = Genesys(settings)
    try:
        grant = api.request_token()
    except DialError as error:
        yield Finding(check="credentials", verdict=Verdict.FAIL, message=explain(settings, error))
        return
    life_h = grant.expires_in_s / 3600
    yield Finding(check="credentials", message=f"{settings.login_url} gave a token for {life_h:.1f} h")
    yield _rate_limit(settings, api, grant.access_token)
    if settings.follows_calls:
        yield from follow_up_findings(settings, api, grant.access_token)


def _rate_limit(settings: Settings, api: Genesys, token: str) -> Finding:
    ours = settings.rate_limit
    setting = f"DIALER_RATE_LIMIT is {ours.count} requests in {ours.period_s:g} s"
    try:
        allowed = api.request_limit(token)
    except LimitUnknownError as error:
        return Finding(check="rate limit", message=f"{setting}; Genesys Cloud's limit could not be read: {error}")
    told = f"{setting}; Genesys Cloud allows a token {allowed} in 60 s"
    if ours.count * 60 <= allowed * ours.period_s:
        return Finding(check="rate limit", message=told)
    return Finding(check="rate limit", verdict=Verdict.WARN, message=f"{told}: set DIALER_RATE_LIMIT={allowed}/60s")


def _print(finding: Finding) -> None:
    verdict = click.style(f"{finding.verdict:<4}", fg=_COLORS[finding.verdict])
    click.echo(f"{verdict}  {finding.check}: {' '.join(finding.message.split())}")
