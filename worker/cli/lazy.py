"""A group that imports a command only when it is used, so that `dialer --help` starts fast."""

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click
from click.shell_completion import CompletionItem

from worker.cli.errors import CommandError, Interrupted, ReaderLeft, usage_error


class LazyGroup(click.Group):
    """`table` maps the name of a command to ("module:attribute", its line in the group's help).

    An exception of a command is printed as one line on stderr, or as a traceback with `--traceback`.
    """

    def __init__(self, *args: Any, table: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self._table:
            return None
        module, _, attribute = self._table[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        # A command does not inherit the names of the help option from its group.
        command.context_settings = {**self.context_settings, **command.context_settings}
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._table.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [
            CompletionItem(name, help=line) for name, (_, line) in self._table.items() if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        try:
            with _usage_in_one_line():
                return super().make_context(*args, **kwargs)
        except BrokenPipeError:  # click would end with 1
            raise ReaderLeft from None
        except KeyboardInterrupt:  # here too
            raise Interrupted("interrupted.") from None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _usage_in_one_line():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except BrokenPipeError:
            raise ReaderLeft from None
        except (KeyboardInterrupt, click.Abort):
            raise Interrupted("interrupted.") from None
        except Exception as error:
            if ctx.params.get("traceback"):
                raise
            raise _unexpected(error) from error


@contextmanager
def _usage_in_one_line() -> Iterator[None]:
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        raise usage_error(error) from error


def _unexpected(error: Exception) -> CommandError:
    from config.masking import mask  # noqa: PLC0415 - needed only for an unexpected error

    words = " ".join(mask(str(error)).split())
    return CommandError(
        f"unexpected error in Dialer: {type(error).__name__}: {words}. Please report it with the output of "
        "'dialer --traceback …'."
    )
