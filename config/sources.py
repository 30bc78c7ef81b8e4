"""Where the texts of settings come from: the environment, over a `.env` file, and the files that `X_FILE` names."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from config.variables import BY_NAME, PREFIXES

#: No secret or setting is longer; a path that leads to a device must not fill the memory.
_LONGEST = 65_536
#: The longest name of an unknown variable that is shown whole.
_LONGEST_NAME = 80

# Kubernetes sets these in every pod for each Service of its namespace; one named "dialer" must not stop a worker.
_SERVICE_LINK = re.compile(r"\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
_SERVICE_LINK_PORT = re.compile(r"(tcp|udp|sctp)://")


def texts(environ: Mapping[str, str], dotenv: Path | None, faults: list[str]) -> dict[str, str | None]:
    """Return the text of every variable that is set, None if it cannot be read; empty counts as not set.

    Adds a fault to `faults` for whatever cannot be read, or is not a setting.
    """
    found: dict[str, str | None] = {}
    for layer in (_dotenv(dotenv, faults), environ):  # the environment wins
        unknown = (_unknown(name, text) for name, text in sorted(layer.items()))
        faults.extend(fault for fault in unknown if fault)
        for name in BY_NAME:
            if name in layer or f"{name}_FILE" in layer:
                found[name] = _text(name, layer, faults)
    return {name: text for name, text in found.items() if text != ""}


def _unknown(name: str, text: str) -> str | None:
    """Return the fault of a variable that begins like a setting and is not one; None for any other variable."""
    if not name.startswith(PREFIXES) or name in BY_NAME or name.removesuffix("_FILE") in BY_NAME:
        return None
    if _SERVICE_LINK.fullmatch(name) or (name.endswith("_PORT") and _SERVICE_LINK_PORT.match(text)):
        return None
    shown = name if name.isprintable() and len(name) <= _LONGEST_NAME else ascii(name[:_LONGEST_NAME])
    near = get_close_matches(name, BY_NAME, n=1)
    hint = f"did you mean {near[0]}?" if near else "docs/reference/settings.md lists all settings."
    return f"{shown} is not a setting; {hint}"


def _text(name: str, layer: Mapping[str, str], faults: list[str]) -> str | None:
    text, path = layer.get(name, "").strip(), layer.get(f"{name}_FILE", "").strip()
    if text and path:
        faults.append(f"{name} and {name}_FILE are both set; unset one of them")
        return None
    return _file(name, path, faults) if path else text


def _file(name: str, path: str, faults: list[str]) -> str | None:
    try:
        with Path(path).open("rb") as file:
            text = file.read(_LONGEST + 1).decode()
    except UnicodeDecodeError:
        faults.append(f"{name}_FILE names a file that is not UTF-8 text; write only the value into it")
    except (OSError, ValueError) as fault:  # ValueError: a NUL in the path
        reason = getattr(fault, "strerror", None) or "not a valid path"
        faults.append(f"{name}_FILE names a file that cannot be read ({reason}); check its path and permissions")
    else:
        if len(text) <= _LONGEST and (text := text.strip()):
            return text
        faults.append(f"{name}_FILE names a file that is empty or too large; write only the value into it")
    return None


def _dotenv(path: Path | None, faults: list[str]) -> dict[str, str]:
    """Return our variables of a `.env` file; the others belong to other programs, such as Docker Compose.

    This uses the parser under `dotenv_values`, because that function skips a line that it cannot read, and so loses a
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
        reason = type(fault).__name__
        faults.append(f"{path.name} cannot be read ({reason}); check its permissions and encoding (UTF-8)")
        return {}
    for binding in bindings:
        ours = (binding.key or "").startswith(PREFIXES)
        if binding.error or (ours and binding.value is None):
            # With an open quote, the text begins with the blank lines before the line that is wrong.
            blank = len(binding.original.string) - len(binding.original.string.lstrip())
            line = binding.original.line + binding.original.string[:blank].count("\n")
            faults.append(f"line {line} of {path.name} cannot be read; write NAME=value, and close every quote")
        elif ours and binding.key and binding.value is not None:
            found[binding.key] = binding.value
    return found
