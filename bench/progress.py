"""Prints the progress on stderr."""

import sys


def print_progress(text: str) -> None:
    """Print one line of progress; on a terminal, it replaces the previous line."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)
