"""The `dialer` command: its table of commands, and nothing that takes time to import."""

import signal
from typing import Final

import click

from worker.cli.lazy import LazyGroup

#: Command -> where it is, and its line in the help. The sandbox is named, never imported: it may be absent.
COMMANDS: Final = {
    "demo": ("sandbox.demo:command", "Try it without an account: some 200 numbers, two workers, a simulator."),
    "worker": ("worker.cli.work:command", "Place calls until SIGTERM or Ctrl-C."),
    "enqueue": ("worker.cli.enqueue:command", "Enter one job."),
    "import": ("worker.cli.importing:command", "Enter a job for each row of a CSV or JSONL file."),
    "show": ("worker.cli.show:command", "Show what became of one job."),
    "list": ("worker.cli.listing:command", "Count the jobs, or list those in one state."),
    "batch": ("worker.cli.batch:command", "Show how far a batch is."),
    "cancel": ("worker.cli.cancel_retry:cancel", "Cancel a waiting job, or all of a batch."),
    "retry": ("worker.cli.cancel_retry:retry", "Dial a job again that was not placed, or those of a batch."),
    "export": ("worker.cli.exporting:command", "Write records as CSV or JSONL."),
    "pause": ("worker.cli.pausing:pause", "Stop sending, for the whole fleet."),
    "resume": ("worker.cli.pausing:resume", "Let the fleet go on."),
    "status": ("worker.cli.status:command", "Show why the fleet waits, how fast it goes, and who works."),
    "check": ("worker.cli.check:command", "Check settings, Redis and credentials; say how to mend each."),
    "healthy": ("worker.cli.healthy:command", "Tell whether this host's worker lives; for container health checks."),
    "sandbox": ("sandbox.foreground:command", "Run the Genesys Cloud simulator in the foreground."),
    "completion": ("worker.cli.completion:command", "Print the completion script for a shell."),
}

_EPILOG = """\b
Exit codes:
  0    done
  1    what was asked about failed, or was not found
  2    wrong usage or settings
  130  interrupted

\b
Example:
  dialer check && dialer worker --concurrency 8
  dialer enqueue "+1 212-555-1234" --id order-42 --wait

Settings are environment variables, or stand in the file .env or that of --env-file; 'dialer check' names every
fault."""


def _print_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's
    if wanted:
        from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - slow, and seldom asked

        try:
            click.echo(f"dialer {version('dialer')}")
        except PackageNotFoundError:
            click.echo("dialer, run from its source without being installed")
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
@click.option("--traceback", is_flag=True, help="Show where an unexpected error came from.")
def cli(traceback: bool, env_file: str | None) -> None:  # noqa: FBT001 - read by LazyGroup and `worker.cli.store`
    """Place outbound calls through Genesys Cloud: nobody twice for one job, and no job lost."""


def main() -> None:
    """Run the command line; the entry point of the `dialer` script."""
    # The kernel gives a container's first process only signals that it handles.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    cli.main(prog_name="dialer", complete_var="_DIALER_COMPLETE")


if __name__ == "__main__":
    main()
