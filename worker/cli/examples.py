"""The examples under a command's help."""


def examples(*lines: str) -> str:
    """Give an epilog with one example a line; click leaves a paragraph that opens with a backspace as it is."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])
