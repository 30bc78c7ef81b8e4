"""Text from outside as one harmless line, for logs and terminals."""


def escape_unprintable(text: str) -> str:
    """Escape what is not printable: it could forge a second line, or hold control sequences for a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
