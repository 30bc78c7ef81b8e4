"""`dialer enqueue`: enters one job, and optionally waits for its outcome."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import click

from tasks.codes import WORDS, State
from tasks.errors import JobError, LedgerUnavailable
from tasks.job import Job, parse_job, parse_job_id
from tasks.ledger.accept import Acceptance
from tasks.screening.rules import rules_of
from tasks.screening.screen import screen
from worker.cli.errors import CommandError, Interrupted
from worker.cli.examples import examples
from worker.cli.output import print_json
from worker.cli.show import print_record
from worker.cli.store import acceptor, settings_of, store, unavailable
from worker.cli.waiting import wait_for_outcome


@click.command(
    "enqueue",
    epilog=examples(
        'dialer enqueue "+1 212-555-1234" --id order-42',
        'dialer enqueue "(212) 555-1234" --region US --wait --timeout 30',
        "dialer enqueue +12125551234 --not-before 2026-11-23T09:00:00+01:00",
    ),
)
@click.argument("to")
@click.option("--id", "job_id", help="The job's id; the same id again causes no second call. Default: a random id.")
@click.option("--from", "caller_id", metavar="NUMBER", help="The caller ID. Default: DIALER_CALLER_ID.")
@click.option("--region", help="The region of a number without a country code, e.g. US.")
@click.option("--user-id", help="The user on whose behalf it is placed. Default: GENESYS_CLOUD_USER_ID.")
@click.option("--wrap-up-code-id", help="The wrap-up code. Default: GENESYS_CLOUD_WRAP_UP_CODE_ID.")
@click.option("--not-before", metavar="TIME", help="Do not send before this time: ISO 8601 with an offset.")
@click.option("--not-after", metavar="TIME", help="Do not send at or after this time.")
@click.option("--priority", type=int, help="0 to 9; 9 is sent first.  [default: 5]")
@click.option("--batch", help="The name of the job's batch.")
@click.option(
    "--attribute", "attributes", multiple=True, metavar="NAME=VALUE", help="An attribute of the call; repeatable."
)
@click.option("--max-attempts", type=int, help="The maximum number of requests. Default: DIALER_MAX_ATTEMPTS.")
@click.option("--redial", metavar="JSON", help='Call again, e.g. {"busy": "5m", "most": 3}. Default: DIALER_REDIAL.')
@click.option("--wait", is_flag=True, help="Wait for the outcome. The exit code is 0 only if the call was placed.")
@click.option(
    "--timeout", "timeout_s", type=click.FloatRange(0), metavar="SECONDS", help="With --wait: the maximum time."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    to: str,
    *,
    job_id: str | None,
    attributes: tuple[str, ...],
    wait: bool,
    timeout_s: float | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Enter a job that calls the number TO."""
    if timeout_s is not None and not wait:
        raise click.UsageError("--timeout needs --wait.")
    settings = settings_of()
    fields = {"to": to, "from": options.pop("caller_id"), "attributes": _pairs(attributes), **options}
    fields["redial"] = _json("--redial", options["redial"])
    try:
        job = parse_job(str(uuid.uuid4()) if job_id is None else parse_job_id(job_id), fields)
        screen(job, rules_of(settings), datetime.now(UTC))
    except JobError as error:
        raise CommandError(f"{error.code}: {error.message} {WORDS[error.code].fix}") from error
    seen = f"see 'dialer show {job.id}'."
    so_far = f"the job may have been entered, {seen}"
    with store(settings) as redis:
        try:
            ((entry, state),) = acceptor(settings, redis).accept([job])
            if entry is Acceptance.CONFLICT:
                raise CommandError(
                    f"the id '{job.id}' is already used by a different job: {seen} Nothing was entered."
                )
            if not wait:
                _print_entry(job, entry, state, as_json=as_json)
                return
            so_far = f"stopped waiting; the job continues, {seen}"
            record = wait_for_outcome(redis, job.id, timeout_s)
        except KeyboardInterrupt:
            raise Interrupted(so_far) from None
        except LedgerUnavailable as error:
            raise unavailable(settings.redis_url, error, f"{so_far[0].upper()}{so_far[1:]}") from error
    if as_json:
        print_json(record)
    else:
        print_record(record, settings.profile)
    if record["state"] != State.PLACED:
        raise click.exceptions.Exit(CommandError.exit_code)


def _pairs(attributes: tuple[str, ...]) -> dict[str, str] | None:
    if faulty := [text for text in attributes if not text.partition("=")[1]]:
        raise click.UsageError(f"--attribute takes NAME=VALUE, not '{faulty[0]}'.")
    return dict(text.split("=", 1) for text in attributes) or None


def _json(option: str, text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        raise click.UsageError(f"{option} takes a JSON object.") from None


def _print_entry(job: Job, entry: Acceptance, state: State, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": job.id, "entry": entry, "state": state})
    elif entry is Acceptance.REPLAY:
        click.echo(f"{job.id} {state} (already entered; there is no second call)")
    else:
        click.echo(f"{job.id} {state}")
