"""`make guards`: take out one guard at a time, and see that a test fails."""

import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click

from tests.guards.catalog import Guard, chosen, table
from tests.guards.workbench import Run, Workbench

_TIMED_OUT = "Failed: Timeout"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What the tests of a guard said when it was not there."""

    guard: Guard
    verdict: str
    seconds: float
    #: The tests that should have failed.
    blind: tuple[str, ...] = ()

    @property
    def caught(self) -> bool:
        return self.verdict.startswith("caught")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--list", "only_list", is_flag=True, help="Print the guards as a table, and take out none.")
def main(*, names: tuple[str, ...], only_list: bool) -> None:
    """Take out one guard at a time from a copy of the project, and see that each of its tests fails.

    NAME is a part of a guard's name or file. Exit code 1: a guard went and nobody noticed.
    """
    # SIGINT too: where it is ignored, as it is behind a shell's `&`, those that we start would ignore it as well.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        guards = chosen(names)
    except ValueError as error:
        raise click.UsageError(f"No guard is called '{error}'.") from error
    if only_list:
        click.echo(table(guards))
        return
    with tempfile.TemporaryDirectory(prefix="guards-") as folder:
        bench = Workbench(Path(folder))
        _check_tests_pass(bench, guards)
        trials = [_try(bench, guard) for guard in guards]
    _conclude(trials)


def _check_tests_pass(bench: Workbench, guards: list[Guard]) -> None:
    """A test that fails anyway proves nothing."""
    tests = list(dict.fromkeys(test for guard in guards for test in guard.tests))
    click.echo(f"{len(guards)} guards, {len(tests)} tests. With all guards in place:")
    run = bench.run(tests, limit_s=1800)
    if not run.ended or run.failed:
        raise click.ClickException(f"not all tests pass\n{run.output}")
    click.echo(f"  all pass      {run.seconds:6.1f} s\nWithout:")


def _try(bench: Workbench, guard: Guard) -> Trial:
    with bench.without(guard):
        run = bench.run(guard.tests)
    trial = _judge(guard, run)
    click.echo(f"  {trial.verdict:<14}{trial.seconds:6.1f} s  {guard.name}")
    for test in trial.blind:
        click.echo(f"      passed: {test}")
    if not trial.caught and not trial.blind:
        click.echo(run.output)
    return trial


def _judge(guard: Guard, run: Run) -> Trial:
    whys = {test: run.failures(test) for test in guard.tests}
    hung = run.output and any(why.startswith(_TIMED_OUT) for each in whys.values() for why in each)
    blind = tuple(test for test, why in whys.items() if not why)
    if not run.ended:
        verdict, blind = "NO END", ()
    elif blind:
        verdict = "MISSED"
    elif hung:
        verdict = "caught (hangs)" if guard.hangs else "TIME-OUT"
    else:
        verdict = "caught"
    return Trial(guard=guard, verdict=verdict, seconds=run.seconds, blind=blind)


def _conclude(trials: list[Trial]) -> None:
    """A table by file, and the exit code."""
    files = dict.fromkeys(trial.guard.file for trial in trials)
    click.echo(f"\n{'file':<44}{'guards':>8}{'caught':>8}{'s':>8}")
    for file in files:
        click.echo(_row(file, [trial for trial in trials if trial.guard.file == file]))
    click.echo(_row("in all", trials))
    missed = [trial.guard.name for trial in trials if not trial.caught]
    if missed:
        click.echo(f"\nNobody noticed: {', '.join(missed)}")
    raise SystemExit(1 if missed else 0)


def _row(name: str, trials: list[Trial]) -> str:
    caught = sum(trial.caught for trial in trials)
    return f"{name:<44}{len(trials):>8}{caught:>8}{sum(trial.seconds for trial in trials):>8.0f}"


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
