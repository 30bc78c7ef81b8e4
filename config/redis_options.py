"""The closed set of options that `DIALER_REDIS_URL` may have: redis-py and kombu both know these, and honor them."""

import re
from collections.abc import Callable, Mapping
from typing import Final

#: The schemes by kind.
TCP: Final = frozenset({"redis", "rediss"})
SOCKET: Final = frozenset({"redis+socket", "unix"})
SENTINEL: Final = frozenset({"sentinel"})
TLS: Final = frozenset({"rediss"})


def _cert_reqs(value: str) -> str:
    plain = value.lower().removeprefix("cert_")
    if plain not in {"required", "optional", "none"}:
        raise ValueError("ssl_cert_reqs is 'required', 'optional' or 'none'")
    return plain


def _flag(value: str) -> str:
    if value.lower() not in {"true", "false"}:
        raise ValueError("ssl_check_hostname is 'true' or 'false'")
    return value.lower()


def _text(value: str) -> str:
    if not re.fullmatch(r"[!-~]+", value):
        raise ValueError("an option of the URL is empty, or holds a space; write it as name=value")
    return value


#: Every option of the URL, beside the number of the database: its parser, and the schemes that it belongs to.
OPTIONS: Final[Mapping[str, tuple[Callable[[str], str], frozenset[str]]]] = {
    "client_name": (_text, TCP | SOCKET | SENTINEL),
    "sentinel_user": (_text, SENTINEL),
    "ssl_ca_certs": (_text, TLS),
    "ssl_certfile": (_text, TLS),
    "ssl_keyfile": (_text, TLS),
    "ssl_cert_reqs": (_cert_reqs, TLS),
    "ssl_check_hostname": (_flag, TLS),
}
#: What people write because a library documents it.
_HINTS: Final[Mapping[str, str]] = {
    "ssl": "for TLS write rediss:// in place of redis://",
    **dict.fromkeys(
        (
            *("timeout", "socket_timeout", "socket_connect_timeout", "socket_keepalive", "retry_on_timeout"),
            *("retry_on_error", "health_check_interval", "max_connections", "protocol", "decode_responses"),
        ),
        "Dialer sets it by itself; remove it",
    ),
}


def checked(scheme: str, given: list[tuple[str, str]]) -> dict[str, str]:
    """Check the options, and add that a certificate is verified: without it kombu verifies none."""
    found: dict[str, str] = {}
    for name, value in given:
        if name not in OPTIONS:
            known = ", ".join(name for name, (_, schemes) in OPTIONS.items() if scheme in schemes)
            shown = name if re.fullmatch(r"[a-z_]{1,40}", name) else ascii(name[:40])
            hint = _HINTS.get(name, f"the options of {scheme}:// are: db, {known}")
            raise ValueError(f"the option '{shown}' of the URL is not supported; {hint}")
        parse, schemes = OPTIONS[name]
        if scheme not in schemes:
            hint = "TLS needs rediss:// in place of redis://" if schemes is TLS else "it belongs to sentinel://"
            raise ValueError(f"the option '{name}' does nothing with {scheme}://; {hint}")
        parsed = parse(value)
        if found.setdefault(name, parsed) != parsed:
            raise ValueError(f"the option '{name}' has two values; remove one of the two")
    if scheme in TLS:
        found.setdefault("ssl_cert_reqs", "required")
        if found["ssl_cert_reqs"] == "none":
            # Nothing to compare the name with; Python refuses this combination.
            found["ssl_check_hostname"] = "false"
    return found
