"""The `dialer` command with its table of commands. It imports nothing that is slow."""

import os
import signal
import sys
from typing import Final

import click

from worker.cli.errors import EXIT_CODES, CommandError, Interrupted, ReaderLeft
from worker.cli.lazy import LazyGroup

#: Command -> its module and function, and its line in the help. The sandbox may not be installed.
COMMANDS: Final = {
    "demo": ("sandbox.demo:command", "Try Dialer with a simulated Genesys Cloud, without an account."),
    "worker": ("worker.cli.work:command", "Place calls until SIGTERM or Ctrl-C."),
    "enqueue": ("worker.cli.enqueue:command", "Enter one job."),
    "import": ("worker.cli.importing:command", "Enter a job for each row of a CSV or JSONL file."),
    "show": ("worker.cli.show:command", "Show the record of one job."),
    "list": ("worker.cli.listing:command", "Count the jobs by state, or list the jobs in one state."),
    "batch": ("worker.cli.batch:command", "List the batches, show how far one is, or whom to call by hand."),
    "cancel": ("worker.cli.cancel_retry:cancel", "Cancel waiting jobs, by id, batch, state or code."),
    "retry": ("worker.cli.cancel_retry:retry", "Retry jobs that were not placed, by id, state or code."),
    "export": ("worker.cli.exporting:command", "Write records as CSV or JSONL."),
    "pause": ("worker.cli.pausing:pause", "Stop sending for the whole fleet."),
    "resume": ("worker.cli.pausing:resume", "Resume sending."),
    "status": ("worker.cli.status:command", "Show pauses, the rate, the backlog and the workers."),
    "check": ("worker.cli.check:command", "Check the configuration, and show how to fix each problem."),
    "healthy": ("worker.cli.healthy:command", "Check that this host's worker is alive (container health check)."),
    "sandbox": ("sandbox.foreground:command", "Run the Genesys Cloud simulator in the foreground."),
    "completion": ("worker.cli.completion:command", "Print the completion script for a shell."),
}

_EXIT_CODES = "\n".join(f"  {code:<3}  {meaning}" for code, meaning in EXIT_CODES.items())
_EPILOG = f"""\b
Exit codes:
{_EXIT_CODES}

\b
Examples:
  dialer check && dialer worker --concurrency 8
  dialer enqueue "+1 212-555-1234" --id order-42 --wait

Settings are environment variables, or lines of .env or of --env-file. 'dialer check' reports every problem."""


def _print_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's
    if wanted:
        from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - slow, and rarely needed

        try:
            click.echo(f"dialer {version('dialer')}")
        except PackageNotFoundError:
            click.echo("dialer, not installed but run from its source")
        ctx.exit()


@click.command(
    cls=LazyGroup,
    table=COMMANDS,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show the version."
)
@click.option(
    "--env-file",
    type=click.Path(exists=True, dir_okay=False, readable=True),
    metavar="PATH",
    help="Read settings from this file, not from .env in the current directory.",
)
@click.option("--traceback", is_flag=True, help="Print the traceback of an unexpected error.")
def cli(traceback: bool, env_file: str | None) -> None:  # noqa: FBT001 - read by LazyGroup and `worker.cli.store`
    """Place outbound calls through Genesys Cloud. Nobody is called twice for one job, and no job is lost."""


def main() -> None:
    """Run the command line; the entry point of the `dialer` script."""
    # The kernel gives a container's first process only signals that it handles.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        try:
            cli.main(prog_name="dialer", complete_var="_DIALER_COMPLETE")
        finally:
            if sys.stdout:
                sys.stdout.flush()  # here, because an error of Python's own flush at exit is printed
    except BrokenPipeError:
        _discard_output()
        sys.exit(ReaderLeft.exit_code)
    except OSError as error:
        click.echo(f"Error: the output cannot be written: {error.strerror}.", err=True)
        _discard_output()
        sys.exit(CommandError.exit_code)
    except KeyboardInterrupt:  # before click has begun
        sys.exit(Interrupted.exit_code)


def _discard_output() -> None:
    """Send what is still in the buffers nowhere, for it must not fail again at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


if __name__ == "__main__":
    main()
