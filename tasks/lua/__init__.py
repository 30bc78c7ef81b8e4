"""The ledger's Lua scripts, one operation a file; a first line `-- uses: a b` puts the files a and b before it."""

from functools import cache
from importlib import resources


@cache
def source(name: str) -> str:
    """The text of the script `name`, with the parts that it uses before it."""
    text = resources.files(__name__).joinpath(f"{name}.lua").read_text()
    first = text.partition("\n")[0]
    parts = first.removeprefix("-- uses:").split() if first.startswith("-- uses:") else []
    return "\n".join([*map(source, parts), text])
