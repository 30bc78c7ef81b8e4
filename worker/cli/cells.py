"""Cells of CSV files that a spreadsheet shows as text, and never runs or divides."""

import csv
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from config.escaping import escape_unprintable

_NUMBER: Final = re.compile(r"\+[0-9 ().-]+")
#: The beginning of a formula (OWASP, CSV injection), also behind a character at which a spreadsheet of another
#: country divides a row, and in the full-width forms that Excel accepts in some of them.
_FORMULA: Final = re.compile(r"(^|[;|])([\s\"']*)([=+\-@\uff1d\uff0b\uff0d\uff20])")


def csv_writer(columns: Sequence[str]) -> Callable[[Mapping[str, Any]], None]:
    """Write the header to standard output; return a function that writes a row, without other columns."""
    sheet = csv.DictWriter(sys.stdout, columns, extrasaction="ignore", restval="", lineterminator="\n")
    sheet.writeheader()
    return lambda row: sheet.writerow({name: cell(value) for name, value in row.items()})


def cell(value: Any) -> Any:
    """Return a value as a cell: a text that would run as a formula gets an apostrophe, an object becomes JSON."""
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str):
        return value
    text = escape_unprintable(value)
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub(r"\1\2'\3", text)
