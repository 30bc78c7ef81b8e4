"""`dialer worker`: runs a process that places calls."""

import os
import signal
import threading
import time

import click

from config.logging import configure
from config.settings import Settings
from tasks.errors import JobError
from tasks.redial import read_redial
from tasks.screening.caller_id import default_caller_id
from tasks.screening.rules import rules_of
from worker.app import run_worker
from worker.cli.errors import WrongUsage
from worker.cli.examples import examples
from worker.cli.store import settings_of, wrong_caller_id
from worker.redis_findings import lasting_fault

_PARENT_CHECK_S = 0.5
_ORPHAN_GRACE_S = 5.0


@click.command("worker", epilog=examples("dialer worker", "dialer worker --concurrency 32"))
@click.option(
    "--concurrency",
    default=8,
    show_default=True,
    type=click.IntRange(1, 1000),
    metavar="N",
    help="The maximum number of concurrent calls of this process.",
)
@click.option("--parent-pid", type=int, hidden=True)
def command(*, concurrency: int, parent_pid: int | None) -> None:
    """Place calls until SIGTERM or Ctrl-C, at the rate that the whole fleet shares.

    Start as many workers as you like, on as many machines. On SIGTERM, a worker finishes its calls in progress and
    requeues its other jobs. While Redis is unavailable, a worker waits. If it can never
    use Redis (a wrong password, cluster mode), it exits with code 2.
    """
    settings = settings_of(credentials=True)
    _check_caller_id(settings)
    _check_redial(settings)
    if fault := lasting_fault(settings):
        raise WrongUsage(fault.message)
    configure(settings.log_format, secrets=settings.secrets)
    if parent_pid is not None:
        threading.Thread(target=_exit_with_parent, args=[parent_pid], daemon=True).start()
    raise SystemExit(run_worker(settings, concurrency=concurrency))


def _check_caller_id(settings: Settings) -> None:
    """Raise WrongUsage if the default caller ID is not a valid number."""
    try:
        default_caller_id(rules_of(settings))
    except JobError as error:
        raise WrongUsage(wrong_caller_id(error)) from error


def _check_redial(settings: Settings) -> None:
    """Raise WrongUsage if the default of the field `redial` is wrong."""
    try:
        read_redial("DIALER_REDIAL", settings.redial)
    except JobError as error:
        raise WrongUsage(error.message) from error


def _exit_with_parent(parent_pid: int) -> None:
    """Exit when this process gets another parent, so that workers of the demo end even if the demo is killed."""
    while os.getppid() == parent_pid:
        time.sleep(_PARENT_CHECK_S)
    os.kill(os.getpid(), signal.SIGTERM)
    # The demo's Redis ends with the demo, and a worker with an outcome to store would wait for it.
    time.sleep(_ORPHAN_GRACE_S)
    os.kill(os.getpid(), signal.SIGKILL)
