"""`dialer cancel` and `dialer retry`: cancel or repeat one job, or the jobs of a batch."""

from collections.abc import Callable, Iterable, Iterator

import click
from redis import Redis

from config.escaping import escape_unprintable
from tasks.codes import OUTCOMES, State
from tasks.ledger.cancel_retry import CancelRetry, JobChange
from tasks.ledger.records import Records
from worker.cli.errors import CommandError, WrongUsage
from worker.cli.examples import examples
from worker.cli.store import settings_of, store

_WAITING = (State.QUEUED, State.SCHEDULED, State.PREPARING)
_RETRYABLE = sorted(str(state) for state in OUTCOMES - {State.PLACED})


@click.command("cancel", epilog=examples("dialer cancel order-42", "dialer cancel --batch spring"))
@click.argument("job_id", metavar="[ID]", required=False)
@click.option("--batch", help="Cancel every waiting job of this batch.")
def cancel(*, job_id: str | None, batch: str | None) -> None:
    """Cancel a waiting job, or all waiting jobs of a batch.

    A job whose call may already be in progress cannot be canceled.
    """
    _require_one(job_id, batch)
    settings = settings_of()
    with store(settings) as redis:
        cancel_one = CancelRetry(redis, retention_s=settings.retention_s).cancel
        if job_id:
            _print_one("cancel", job_id, cancel_one(job_id))
        else:
            _print_total("cancelled", _ids(redis, _WAITING, batch), cancel_one)


@click.command(
    "retry",
    epilog=examples(
        "dialer retry order-42",
        "dialer retry --batch spring --state failed",
        "dialer retry order-7 --i-know-it-was-not-placed",
    ),
)
@click.argument("job_id", metavar="[ID]", required=False)
@click.option("--batch", help="Retry the jobs of this batch that ended in --state.")
@click.option("--state", type=click.Choice(_RETRYABLE), help="With --batch: the state of the jobs to retry.")
@click.option(
    "--i-know-it-was-not-placed",
    "not_placed",
    is_flag=True,
    help="Confirm that an 'unconfirmed' call was not placed. If it was, somebody is called twice.",
)
def retry(*, job_id: str | None, batch: str | None, state: str | None, not_placed: bool) -> None:
    """Retry a job that failed, was rejected, cancelled or expired, with a fresh attempt count.

    A job that was placed cannot be retried. A job that may have been placed can be retried only with
    --i-know-it-was-not-placed.
    """
    _require_one(job_id, batch)
    if bool(batch) != bool(state):
        raise click.UsageError("--batch and --state must be used together.")
    if state == State.UNCONFIRMED and not not_placed:
        raise WrongUsage("these calls may have been placed; look them up, then add --i-know-it-was-not-placed.")
    settings = settings_of()

    def retry_one(each: str) -> JobChange:
        return cancel_retry.retry(each, not_placed=not_placed)

    with store(settings) as redis:
        cancel_retry = CancelRetry(redis, retention_s=settings.retention_s)
        if job_id:
            _print_one("retry", job_id, retry_one(job_id))
        else:
            _print_total("queued again", _ids(redis, [State(str(state))], batch), retry_one)


def _require_one(job_id: str | None, batch: str | None) -> None:
    if bool(job_id) == bool(batch):
        raise click.UsageError("Give the id of a job, or a batch with --batch.")


def _ids(redis: Redis, states: Iterable[State], batch: str | None) -> Callable[[], Iterator[str]]:
    records = Records(redis)
    return lambda: (record["id"] for state in states for record in records.every(state, batch=batch))


def _print_one(verb: str, job_id: str, answer: JobChange) -> None:
    name = escape_unprintable(job_id)
    if answer.state is None:
        raise CommandError(f"no job '{name}': it was never entered, or its record has expired.")
    if not answer.done:
        raise CommandError(f"cannot {verb} '{name}': {_REASONS[answer.state]}")
    click.echo(f"{name} {answer.state}")


def _print_total(done: str, job_ids: Callable[[], Iterator[str]], act: Callable[[str], JobChange]) -> None:
    total = 0
    while True:
        answers = [act(job_id).done for job_id in job_ids()]
        total += sum(answers)
        # Each change removes a job from the index that is being read, so repeat until nothing changes.
        if not any(answers):
            break
    click.echo(f"{total} {done}")
    if answers:
        raise CommandError(
            f"{len(answers)} jobs were not changed: their state has changed in the meantime, or does not allow it."
        )


_REASONS = {
    State.SCHEDULED: "it is already waiting.",
    State.QUEUED: "it is already waiting.",
    State.PREPARING: "a worker has claimed it.",
    State.SENDING: "the call may already be in progress; wait for its outcome.",
    State.PLACED: "the call was placed.",
    State.REJECTED: "it ended as rejected; a message that is not a valid job cannot be dialed.",
    State.FAILED: "it ended as failed.",
    State.UNCONFIRMED: "the call may have been placed; look it up, then add --i-know-it-was-not-placed.",
    State.CANCELLED: "it ended as cancelled.",
    State.EXPIRED: "its not_after has passed; send it again under a new id.",
}
