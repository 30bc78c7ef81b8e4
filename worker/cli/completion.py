"""`dialer completion`: prints the script for completion in a shell."""

from typing import Final

import click
from click.shell_completion import get_completion_class

from worker.cli.examples import examples

SHELLS: Final = ("bash", "zsh", "fish")


@click.command(
    "completion",
    epilog=examples(
        'eval "$(dialer completion bash)"    # in ~/.bashrc',
        'eval "$(dialer completion zsh)"     # in ~/.zshrc',
        "dialer completion fish > ~/.config/fish/completions/dialer.fish",
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL."""
    completion = get_completion_class(shell)
    assert completion is not None  # noqa: S101 - click supports these three
    root = ctx.find_root().command
    # Not `source()`, which starts bash only to warn about versions before 4.4.
    script = completion(root, {}, "dialer", "_DIALER_COMPLETE")
    click.echo(script.source_template % script.source_vars())
