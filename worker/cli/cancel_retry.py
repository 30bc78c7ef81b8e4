"""`dialer cancel` and `dialer retry`: cancel or repeat jobs, by their ids or by a filter."""

from typing import Final

import click

from config.values import Profile
from tasks.codes import OUTCOMES, State
from worker.cli.changing import Change
from worker.cli.errors import WrongUsage
from worker.cli.examples import examples
from worker.cli.selection import CodeChoice
from worker.cli.store import settings_of

_WAITING: Final = (State.SCHEDULED, State.QUEUED, State.PREPARING)
_RETRYABLE: Final = tuple(state for state in State if state in OUTCOMES - {State.PLACED})

_job_ids = click.argument("job_ids", metavar="[ID|-]...", nargs=-1)
_batch = click.option("--batch", help="Only jobs of this batch.")
_code = click.option("--code", type=CodeChoice(), metavar="CODE", help="Only jobs with this code.")
_json = click.option("--json", "as_json", is_flag=True, help="Print {changed, unchanged} as one JSON object.")


@click.command(
    "cancel",
    epilog=examples(
        "dialer cancel order-42 order-43",
        "dialer cancel --batch spring",
        "cut -d, -f1 wrong.csv | dialer cancel -",
    ),
)
@_job_ids
@_batch
@click.option("--state", type=click.Choice([*map(str, _WAITING)]), help="Only jobs in this state.")
@_code
@_json
def cancel(*, job_ids: tuple[str, ...], as_json: bool, **filters: str | None) -> None:
    """Cancel waiting jobs: those with the given ids, or those that the options select.

    With "-", ids are read from standard input, one a line. A job whose call may already be in progress cannot be
    canceled.
    """
    Change(
        verb="cancel",
        becomes=State.CANCELLED,
        done="cancelled",
        reasons=_NOT_CANCELED,
        states=_WAITING,
        act=lambda jobs, some: jobs.cancel(some),
    ).run(job_ids, filters, as_json=as_json)


@click.command(
    "retry",
    epilog=examples(
        "dialer retry order-42 order-43",
        "dialer retry --batch spring --state failed",
        "dialer retry --code no_station",
        "dialer retry order-7 --i-know-it-was-not-placed",
        "dialer retry --state unconfirmed --batch spring --with-evidence",
    ),
)
@_job_ids
@_batch
@click.option("--state", type=click.Choice([*map(str, _RETRYABLE)]), help="Only jobs that ended in this state.")
@_code
@click.option(
    "--i-know-it-was-not-placed",
    "not_placed",
    is_flag=True,
    help="Confirm that an 'unconfirmed' call was not placed. If it was, somebody is called twice.",
)
@click.option(
    "--with-evidence",
    "with_evidence",
    is_flag=True,
    help="Retry 'unconfirmed' calls that two searches, minutes apart, did not find beside later calls.",
)
@_json
def retry(
    *, job_ids: tuple[str, ...], not_placed: bool, with_evidence: bool, as_json: bool, **filters: str | None
) -> None:
    """Retry jobs that were not placed: those with the given ids, or those that --state or --code selects.

    With "-", ids are read from standard input, one a line. Each job gets a fresh attempt count. A job that was placed
    cannot be retried. A job that may have been placed can be retried only with --i-know-it-was-not-placed, or with
    --with-evidence (profile 'public'): docs/lost-answers.md says how sure that is.
    """
    if not_placed and with_evidence:
        raise click.UsageError("Give either --i-know-it-was-not-placed or --with-evidence.")
    if with_evidence and settings_of().profile is Profile.GUIDE:
        raise WrongUsage(
            "the profile 'guide' has no search for calls, so there is no evidence; look them up yourself."
        )
    if filters["batch"] and not (filters["state"] or filters["code"]):
        raise click.UsageError("--batch needs --state or --code, so that not the whole batch is called again.")
    if filters["state"] == State.UNCONFIRMED and not (not_placed or with_evidence):
        raise WrongUsage("these calls may have been placed; look them up, then add --i-know-it-was-not-placed.")
    Change(
        verb="retry",
        becomes=State.QUEUED,
        done="queued again",
        reasons=_NOT_RETRIED | ({State.UNCONFIRMED: _TOO_LITTLE} if with_evidence else {}),
        states=_RETRYABLE,
        act=lambda jobs, some: jobs.retry(some, not_placed=not_placed, with_evidence=with_evidence),
    ).run(job_ids, filters, as_json=as_json)


_NOT_CANCELED: Final = {
    **dict.fromkeys(_WAITING, "its state changed at this moment; run the command again."),
    State.SENDING: "the call may already be in progress; wait for its outcome.",
    State.PLACED: "the call was placed.",
    **{state: f"it ended as {state}." for state in _RETRYABLE},
}
_TOO_LITTLE: Final = "there is not enough evidence that the call was not placed; 'dialer show' prints what there is."
_NOT_RETRIED: Final = {
    **dict.fromkeys(_WAITING, "it is already waiting."),
    State.SENDING: "the call may already be in progress; wait for its outcome.",
    State.PLACED: "the call was placed.",
    State.REJECTED: "its message is not a valid job; send it again, corrected, under a new id.",
    State.UNCONFIRMED: "the call may have been placed; look it up, then add --i-know-it-was-not-placed.",
    State.EXPIRED: "its not_after has passed; send it again under a new id.",
    **dict.fromkeys((State.FAILED, State.CANCELLED), "its state changed at this moment; run the command again."),
}
