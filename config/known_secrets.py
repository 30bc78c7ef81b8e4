"""The texts that are known to be secret and that no log may show: secrets in settings, and tokens fetched later."""

import json
import re
from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from urllib.parse import quote

HIDDEN = "***"

# Masking a shorter text would make log lines unreadable, and protect nothing.
_SHORTEST_SECRET = 4
#: The fleet's token changes a few times a day, so tokens older than this have expired.
_LEARNED_SECRETS = 64


class _Literals:
    """The texts known to be secret: all those of the settings, and the latest of those learned later."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._configured: tuple[str, ...] = ()
        self._learned: OrderedDict[str, None] = OrderedDict()
        self._pattern: re.Pattern[str] | None = None

    def configure(self, texts: Iterable[str]) -> None:
        with self._lock:
            self._configured = tuple(texts)
            self._compile()

    def learn(self, text: str) -> None:
        with self._lock:
            if text in self._learned:
                self._learned.move_to_end(text)
                return
            self._learned[text] = None
            if len(self._learned) > _LEARNED_SECRETS:
                self._learned.popitem(last=False)
            self._compile()

    def hide(self, text: str) -> str:
        pattern = self._pattern  # replaced as a whole, so reading it needs no lock
        return pattern.sub(HIDDEN, text) if pattern else text

    def _compile(self) -> None:
        forms = {
            form
            for text in (*self._configured, *self._learned)
            if len(text) >= _SHORTEST_SECRET
            for form in (text, quote(text, safe=""), repr(text)[1:-1], json.dumps(text)[1:-1])
        }
        longest_first = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if forms else None


_literals = _Literals()


def configure_secrets(texts: Iterable[str]) -> None:
    """Hide these texts until the process ends; they replace those configured before."""
    _literals.configure(texts)


def add_secret(text: str) -> None:
    """Hide this text from now on, such as a new token. Thread-safe; the last 64 texts are kept."""
    _literals.learn(text)


def hide_secrets(text: str) -> str:
    return _literals.hide(text)
