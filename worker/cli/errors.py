"""Errors of commands: each prints one line per problem on stderr, and ends with an exit code."""

from typing import IO, Any

import click


class CommandError(click.ClickException):
    """The operation failed, or the job or batch was not found.

    The message says what is wrong and how to fix it, with one line per problem.
    """

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        for line in self.message.splitlines():
            click.echo(f"Error: {line}", file=file, err=True)


class WrongUsage(CommandError):
    """The usage, the input file or a setting is wrong."""

    exit_code = 2


class Interrupted(CommandError):
    """The command was interrupted, by Ctrl-C or SIGTERM."""

    exit_code = 130  # 128 + SIGINT, as in shells


def usage_error(error: click.UsageError) -> WrongUsage:
    """Return click's usage error, which has four lines, as one line that refers to the help."""
    path = error.ctx.command_path if error.ctx else "dialer"
    return WrongUsage(f"{' '.join(error.format_message().split())} See '{path} --help'.")
