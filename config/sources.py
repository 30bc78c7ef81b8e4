"""Where the texts of settings come from: the environment, over a `.env` file, and files named by `X_FILE`."""

from collections.abc import Mapping
from pathlib import Path

from config.variables import PREFIXES, VARIABLES, unknown_variable

#: No secret or setting is longer; a path that leads to a device must not fill the memory.
_LONGEST = 65_536


def texts(environ: Mapping[str, str], dotenv: Path | None, faults: list[str]) -> dict[str, str | None]:
    """Give the text of every variable that is set: None if it could not be had; empty counts as not set.

    Whatever cannot be read, or is no setting, is added to `faults`.
    """
    found: dict[str, str | None] = {}
    for layer in (_dotenv(dotenv, faults), environ):  # the environment wins
        unknown = (unknown_variable(name, text) for name, text in sorted(layer.items()))
        faults.extend(fault for fault in unknown if fault)
        for variable in VARIABLES:
            if variable.name in layer or f"{variable.name}_FILE" in layer:
                found[variable.name] = _text(variable.name, layer, faults)
    return {name: text for name, text in found.items() if text != ""}


def _text(name: str, layer: Mapping[str, str], faults: list[str]) -> str | None:
    text, path = layer.get(name, "").strip(), layer.get(f"{name}_FILE", "").strip()
    if text and path:
        faults.append(f"{name} and {name}_FILE are both set: unset one of them")
        return None
    return _file(name, path, faults) if path else text


def _file(name: str, path: str, faults: list[str]) -> str | None:
    try:
        with Path(path).open("rb") as file:
            text = file.read(_LONGEST + 1).decode()
    except UnicodeDecodeError:
        faults.append(f"{name}_FILE names a file that is not UTF-8 text: write the bare value into it")
    except (OSError, ValueError) as fault:  # ValueError: a NUL in the path
        reason = getattr(fault, "strerror", None) or "no possible path"
        faults.append(f"{name}_FILE names a file that cannot be read ({reason}): check path and permissions")
    else:
        if len(text) <= _LONGEST and (text := text.strip()):
            return text
        faults.append(f"{name}_FILE names a file that is empty or too large: write the bare value into it")
    return None


def _dotenv(path: Path | None, faults: list[str]) -> dict[str, str]:
    """Our variables in a `.env` file; what else it holds belongs to others (Docker Compose reads it too).

    Read with the parser under `dotenv_values`, which itself skips a line that it cannot read, and with it a
    setting. Nothing is interpolated: a `$` in a secret is a `$`.
    """
    if path is None or not path.is_file():
        return {}
    from dotenv.parser import parse_stream  # noqa: PLC0415 - 'dialer --help' must start fast

    found: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8") as file:
            bindings = list(parse_stream(file))
    except (OSError, UnicodeDecodeError) as fault:
        faults.append(f"{path.name} cannot be read ({type(fault).__name__}): check permissions and encoding (UTF-8)")
        return {}
    for binding in bindings:
        ours = (binding.key or "").startswith(PREFIXES)
        if binding.error or (ours and binding.value is None):
            # A quote left open swallows blank lines before the one that is meant.
            blank = len(binding.original.string) - len(binding.original.string.lstrip())
            line = binding.original.line + binding.original.string[:blank].count("\n")
            faults.append(f"line {line} of {path.name} cannot be read: write NAME=value, and close every quote")
        elif ours and binding.key and binding.value is not None:
            found[binding.key] = binding.value
    return found
