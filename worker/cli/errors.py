"""Errors of commands: each prints one line per problem on stderr, and ends with an exit code."""

from typing import IO, Any, Final

import click

#: Every exit code of `dialer`; its help and docs/reference/commands.md show the same table.
EXIT_CODES: Final = {
    0: "The command succeeded.",
    1: "What was asked for failed, such as a check, a row or a job.",
    2: "The usage, the input file or a setting is wrong.",
    3: "There is no such job or batch.",
    4: "Redis or Genesys Cloud is unavailable.",
    130: "The command was interrupted, by Ctrl-C or SIGTERM.",
    141: "The reader of the output left, such as 'head'.",
}


class CommandError(click.ClickException):
    """What was asked for failed.

    The message says what is wrong and how to fix it, with one line per problem.
    """

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        for line in self.message.splitlines():
            click.echo(f"Error: {line}", file=file, err=True)


class WrongUsage(CommandError):
    """The usage, the input file or a setting is wrong."""

    exit_code = 2


class NotFound(CommandError):
    """There is no such job or batch."""

    exit_code = 3


class Unavailable(CommandError):
    """Redis or Genesys Cloud is unavailable; the same command may succeed later."""

    exit_code = 4


class Interrupted(CommandError):
    """The command was interrupted, by Ctrl-C or SIGTERM."""

    exit_code = 130  # 128 + SIGINT, as in shells


class ReaderLeft(CommandError):
    """The reader of the output left. This is no problem, so it prints nothing."""

    exit_code = 141  # 128 + SIGPIPE, as in shells

    def __init__(self) -> None:
        super().__init__("")


def usage_error(error: click.UsageError) -> WrongUsage:
    """Return click's usage error, which has four lines, as one line that refers to the help."""
    path = error.ctx.command_path if error.ctx else "dialer"
    return WrongUsage(f"{' '.join(error.format_message().split())} See '{path} --help'.")
