"""How a command ends when it cannot do what it was asked: one line on stderr, and an exit code."""

from typing import IO, Any

import click


class CommandError(click.ClickException):
    """What was asked about failed, or was not found.

    The message is for a person: what is wrong, and how to mend it; one line for each thing.
    """

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        for line in self.message.splitlines():
            click.echo(f"Error: {line}", file=file, err=True)


class WrongUsage(CommandError):
    """The command line, its input file or the settings are wrong."""

    exit_code = 2


class Interrupted(CommandError):
    """Ctrl-C, or SIGTERM."""

    exit_code = 130  # 128 + SIGINT, as shells have it


def usage_fault(error: click.UsageError) -> WrongUsage:
    """Give click's usage error, which is four lines, as one that names the help."""
    path = error.ctx.command_path if error.ctx else "dialer"
    return WrongUsage(f"{' '.join(error.format_message().split())} See '{path} --help'.")
