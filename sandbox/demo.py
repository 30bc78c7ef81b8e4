"""`dialer demo`: the whole product on one machine, with a simulated Genesys Cloud and an embedded Redis.

It starts Redis, the simulator and two workers, imports a list of about 200 numbers and shows the progress. At the end
it prints the outcomes, compares them with the calls that the simulator received, and shows how to look up a job.
However it ends, it stops everything that it started and removes its files.
"""

import signal
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Final

import click
from redis import Redis

import sandbox
from config.settings import Settings, load
from sandbox.demo_fleet import DemoWorker
from sandbox.demo_progress import watch
from sandbox.demo_report import report
from sandbox.embedded_redis import EmbeddedRedis, RedisUnavailableError
from sandbox.foreground import caller_settings, exports
from sandbox.simulator.behavior import Behavior
from sandbox.simulator.process import Simulator, SimulatorDidNotStart
from tasks.errors import LedgerUnavailable
from worker.cli.errors import CommandError, Interrupted
from worker.cli.examples import examples
from worker.cli.store import acceptor, unavailable
from worker.connection import connect
from worker.importing.bulk import import_jobs
from worker.importing.columns import Columns
from worker.importing.rows import RowDefaults
from worker.importing.source import open_source
from worker.importing.summary import ImportSummary

NUMBERS: Final = Path(sandbox.__file__).with_name("numbers.csv")
BATCH: Final = "demo"
_WORKERS: Final = 2
_PER_MINUTE: Final = 1200
#: Each has one call at a time; enough for the pace with calls of about a second.
_USERS: Final = 30
#: What becomes of the calls, which are over within about a second.
_CALLS: Final = {
    "contacting_s": 0.1,
    "dialing_s": 0.4,
    "talking_s": 0.6,
    "analytics_lag_s": 0.2,
    "results": {"busy": 0.08, "no_answer": 0.15, "declined": 0.04, "callee_hangs_up": 0.3},
}
#: Regions of the list that an operator would leave out for fear of toll fraud.
_LEFT_OUT: Final = frozenset({"BS", "CU", "JM", "SO"})
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command("demo", epilog=examples("dialer demo", "dialer demo --keep"))
@click.option("--keep", is_flag=True, help="Keep everything running until Ctrl-C, so that you can look around.")
def command(*, keep: bool) -> None:
    """Dial about 200 numbers through two workers and a simulated Genesys Cloud. No real call is placed.

    It needs no account and no settings, changes nothing outside of itself, and takes less than a minute.
    """
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    try:
        with ExitStack() as stack:
            try:
                _run(stack, keep=keep)
            finally:
                # A second Ctrl-C must neither interrupt the clean-up nor kill the process while Python exits.
                _ignore_signals()
    except KeyboardInterrupt:
        raise Interrupted("interrupted; everything that the demo started has been stopped.") from None
    except (RedisUnavailableError, SimulatorDidNotStart) as error:
        raise CommandError(str(error)) from error


def _run(stack: ExitStack, *, keep: bool) -> None:
    started = time.monotonic()
    click.echo("Starting an embedded Redis and the Genesys Cloud simulator …")
    redis_url = stack.enter_context(EmbeddedRedis()).url
    behavior = Behavior(rate_limit=_PER_MINUTE, rate_window_s=60)
    simulator = stack.enter_context(
        Simulator(
            rate_limit=_PER_MINUTE,
            rate_window_s=60,
            latency_s=0.05,
            verified_caller_ids=["+12125559876"],
            **_CALLS,
        )
    )
    environ = {
        "DIALER_REDIS_URL": redis_url,
        "DIALER_ALLOWED_REGIONS": _allowed_regions(),
        **caller_settings(simulator.url, behavior),
        "GENESYS_CLOUD_PROFILE": "public",
        "GENESYS_CLOUD_USER_ID": ",".join(f"agent-{n}" for n in range(1, _USERS + 1)),
    }
    settings = load(environ, dotenv=None)
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dialer-demo-")))
    redis = stack.enter_context(connect(settings))
    click.echo(f"Starting {_WORKERS} worker processes …")
    workers = [
        stack.enter_context(DemoWorker(environ, directory, name=f"worker-{n}")) for n in range(1, _WORKERS + 1)
    ]
    try:
        _import(redis, settings)
        watch(redis, BATCH, workers, per_minute=_PER_MINUTE)
    except LedgerUnavailable as error:
        raise unavailable(settings.redis_url, error) from error
    click.echo()
    all_well = report(redis, BATCH, simulator.stats())
    click.echo(f"\nDone in {time.monotonic() - started:.0f} s.")
    if not all_well:
        raise CommandError("Dialer's records and the simulator's calls differ; please report this.")
    if keep:
        click.echo(f"\nTo look around, run in another terminal:\n\n{exports(environ)}\n\nCtrl-C stops everything.")
        _wait_for_ctrl_c()


def _import(redis: Redis, settings: Settings) -> None:
    summary = ImportSummary()
    with open_source(str(NUMBERS)) as source:
        # The rows are not screened before, so that the demo shows what a worker rejects.
        jobs = RowDefaults(batch=BATCH).jobs(source.rows(Columns()))
        for _ in import_jobs(jobs, acceptor(settings, redis), summary):
            pass
    click.echo(
        f"Imported {summary.accepted} of {summary.rows} rows as jobs; the limit is {_PER_MINUTE} calls a minute.\n"
    )


def _allowed_regions() -> str:
    import phonenumbers  # noqa: PLC0415 - slow to import, and 'dialer demo --help' does not need it

    return ",".join(sorted(phonenumbers.SUPPORTED_REGIONS - _LEFT_OUT))


def _wait_for_ctrl_c() -> None:
    try:
        while True:
            signal.pause()
    except KeyboardInterrupt:
        return


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
