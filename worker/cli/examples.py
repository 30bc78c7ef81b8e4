"""The examples at the end of a command's help."""


def examples(*lines: str) -> str:
    """Return an epilog with one example per line; click does not wrap a paragraph that begins with a backspace."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])
