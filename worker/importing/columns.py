"""What the columns of a sheet, or the names in a JSON object, are called in a job."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from config.escaping import escape_unprintable
from tasks.job import FIELDS
from tasks.redial import REASONS
from worker.importing.rows import BadFile

ID: Final = "id"
_ATTRIBUTES: Final = "attributes"
_ATTRIBUTE: Final = "attributes."
#: The columns that `--errors` adds; a corrected file may still have them.
CODE_COLUMN: Final = "dialer_code"
FIX_COLUMN: Final = "dialer_fix"
_REDIAL: Final = "redial"
#: Columns of the field `redial`; the times of a list are separated by spaces.
REDIAL_TIMES: Final = tuple(f"{_REDIAL}.{reason}" for reason in REASONS)
REDIAL_MOST: Final = f"{_REDIAL}.most"
_OBJECTS: Final = (_ATTRIBUTES, _REDIAL)
_KNOWN: Final = (
    *(ID, *(name for name in FIELDS if name not in _OBJECTS)),
    *(*REDIAL_TIMES, REDIAL_MOST, f"{_ATTRIBUTE}NAME"),
)
#: The beginning of a message about a name that is not known.
KNOWN_COLUMNS: Final = f"Known columns: {', '.join(_KNOWN)}."


@dataclass(frozen=True, kw_only=True)
class Columns:
    """`mapping`: the name in the file -> the field of a job, `id`, or `attributes.NAME`, as the user wrote them."""

    mapping: Mapping[str, str] = field(default_factory=dict, repr=False)
    id_column: str | None = None
    ignore_unknown: bool = False

    def __post_init__(self) -> None:
        for name, wanted in self.mapping.items():
            if self._known(wanted) is None:
                shown = escape_unprintable(f"{name}={wanted}"[:60])
                raise BadFile(f"--map {shown}: a job has no such field. {KNOWN_COLUMNS}")

    def asked_for(self) -> list[str]:
        """Return the names in the file that the user named, so that a file without them is wrong."""
        return [*self.mapping, *([self.id_column] if self.id_column else [])]

    def field_of(self, name: str) -> str | None:
        """Return the field of a job that a column holds; None if it holds none. Names are compared without case."""
        for asked, wanted in {**self.mapping, **({self.id_column: ID} if self.id_column else {})}.items():
            if _fold(asked) == _fold(name):
                return self._known(wanted)
        return self._known(name)

    def is_left_out(self, name: str) -> bool:
        """Return whether a column without a field is no fault."""
        return self.ignore_unknown or _fold(name) in {CODE_COLUMN, FIX_COLUMN}

    def _known(self, name: str) -> str | None:
        folded = _fold(name)
        if folded.startswith(_ATTRIBUTE) and len(folded) > len(_ATTRIBUTE):
            return _ATTRIBUTE + name.strip()[len(_ATTRIBUTE) :]
        known = folded.replace(" ", "_").replace("-", "_")
        return known if known in _KNOWN or known in _OBJECTS else None

    def object_fields(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a JSON object under the names of a job. A name without a field stays as it is."""
        fields: dict[str, Any] = {}
        for name, value in content.items():
            found = self.field_of(name)
            if found is not None:
                assign(fields, found, value)
            elif not self.is_left_out(name):
                fields[name] = value
        return fields


def assign(fields: dict[str, Any], name: str, value: Any) -> None:
    """Set a field of a job, or one of its attributes. Raises ValueError if it is set already."""
    target = fields
    if name.startswith(_ATTRIBUTE):
        target, name = fields.setdefault(_ATTRIBUTES, {}), name.removeprefix(_ATTRIBUTE)
    elif name.startswith(f"{_REDIAL}."):
        target, name = fields.setdefault(_REDIAL, {}), name.removeprefix(f"{_REDIAL}.")
    if not isinstance(target, dict) or name in target:
        raise ValueError(f"the field {name} occurs twice")
    target[name] = value


def _fold(name: str) -> str:
    return name.strip().casefold()
