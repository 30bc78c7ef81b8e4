"""How far it is, on stderr, for who waits for it."""

import sys


def say(text: str) -> None:
    """One line of progress, over and over on a terminal; elsewhere one after the other."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)
