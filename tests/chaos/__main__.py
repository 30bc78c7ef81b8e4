"""`make chaos`: everything fails repeatedly; count second calls, lost jobs, and outcomes that are not true.

Everything runs on loopback with its own Redis and simulator; no real call is placed. The exit code is 1 if a bar is
missed.
"""

import signal
import sys
from pathlib import Path
from types import FrameType

import click

from bench.machine import described
from bench.progress import print_progress
from bench.table import table, verdict
from tests.chaos.campaign import Campaign, dialer, plain_task
from tests.chaos.course import Course, Plan
from tests.chaos.report import report, write_json, write_plot


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--jobs",
    default=10_000,
    show_default=True,
    type=click.IntRange(50, 1_000_000),
    metavar="N",
    help="The number of jobs.",
)
@click.option(
    "--kills", default=200, show_default=True, type=click.IntRange(2, 100_000), metavar="N", help="Workers to kill."
)
@click.option("--seed", default=1, show_default=True, metavar="N", help="Determines the faults and the jobs.")
@click.option("--rival/--no-rival", default=True, show_default=True, help="Also run a plain Celery task.")
@click.option(
    "--to",
    "folder",
    default=Path("build/chaos"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for report.json, outcomes.svg and the logs of the workers.",
)
def main(*, jobs: int, kills: int, seed: int, rival: bool, folder: Path) -> None:
    """Make workers, Redis, the network and the API fail while jobs arrive, and check the outcome of each job.

    This takes about 25 minutes. A shorter run: --jobs 1000 --kills 20 --no-rival.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    plan = Plan(jobs=jobs, kills=kills, calm_kills=kills // 5, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{described()}\nWorkers, Redis, simulator and driver share these cores.\n", flush=True)
    courses: list[Course] = []
    for make in (dialer, plain_task) if rival else (dialer,):
        logs = folder / f"logs-{make.__name__}"
        courses.append(Campaign(plan=plan, print_progress=print_progress).run(make, keep_logs=logs))
        write_plot(folder / f"outcomes-{make.__name__}.svg", courses[-1])
    print_progress("")
    found = report(plan, courses)
    print(f"{table('chaos', found)}\n\n{verdict({'chaos': found})}")
    write_json(folder / "report.json", plan, courses, found)
    print(f"Written to {folder}.")
    for name, lines in courses[0].faults.items():
        for line in lines[:10]:
            print(f"  {name}: {line}", file=sys.stderr)
    raise SystemExit(1 if any(figure.met() is False for figure in found.figures) else 0)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
