"""How a setting is declared: as a field of `config.variables.Settings`, with everything about it in one entry.

    max_attempts: int = setting("DIALER_MAX_ATTEMPTS", whole(1, 100), default="5", meaning="...")

The type of the field is what the parser returns, which mypy checks. A new setting needs no other code. Tests hold the
table of settings in the documentation, and the environment of the worker in `docker-compose.yml`, to these entries.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, overload

from config.values import Profile, Secret

#: The key of a field's metadata that holds its variable.
VARIABLE = "variable"

_Value = TypeVar("_Value")


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One environment variable, as `setting` declares it."""

    name: str
    parse: Callable[[str], Any] = field(repr=False)
    default: str
    meaning: str
    required_by: tuple[Profile, ...]
    secret: bool

    @property
    def is_url(self) -> bool:
        """Whether the value is a URL, which may hold a password."""
        return self.name.endswith("_URL")


@overload
def setting(
    name: str,
    parse: Callable[[str], str],
    *,
    meaning: str,
    secret: Literal[True],
    default: str = "",
    required_by: tuple[Profile, ...] = (),
) -> Secret: ...


@overload
def setting(
    name: str,
    parse: Callable[[str], _Value],
    *,
    meaning: str,
    default: str = "",
    required_by: tuple[Profile, ...] = (),
    in_repr: bool = True,
) -> _Value: ...


def setting(
    name: str,
    parse: Callable[[str], Any],
    *,
    meaning: str,
    default: str = "",
    required_by: tuple[Profile, ...] = (),
    secret: bool = False,
    in_repr: bool = True,
) -> Any:
    """Declare a field of `Settings` that is read from the environment variable `name`.

    `parse` turns a text into the value. It raises ValueError with what is wrong and how to fix it, without the text.
    It must accept `default`, which is written as an operator would write it; empty means that there is none.
    `meaning` is one sentence for operators. `required_by` are the profiles that cannot place calls without it.
    A `secret` becomes a `Secret`, and no error or log line shows it. `in_repr=False` keeps any other private value,
    such as a phone number, out of the `repr` of the settings.
    """

    def parse_secret(text: str) -> Secret:
        return Secret(parse(text))

    variable = Variable(
        name=name,
        parse=parse_secret if secret else parse,
        default=default,
        meaning=meaning,
        required_by=required_by,
        secret=secret,
    )
    return field(repr=in_repr, metadata={VARIABLE: variable})
