"""Logging to stderr: one line per event, as text or as JSON, without secrets and phone numbers (see `masking`).

    2026-11-23T10:00:00.123Z INFO  dialer.attempt job=order-42 call placed attempt=1

Code logs with `extra={"job_id": ..., ...}`. Text from outside, including a job id, cannot forge a second line,
because every character that is not printable is escaped.
"""

import json
import logging
import math
import re
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType

from config.escaping import escape_unprintable
from config.known_secrets import HIDDEN, add_secret, configure_secrets
from config.masking import FEWEST_DIGITS, is_sensitive, mask, mask_job_id

__all__ = ["JsonFormatter", "TextFormatter", "add_secret", "configure", "mask"]

# The attributes of a record that are not fields. In `data`, Celery repeats its message about a task.
_NO_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "data"}
# The name of such a field shows that its number is a measurement, and no phone number.
_MEASURE = re.compile(r".*_(s|ms|us|ns|at|bytes|total|count)")

_Field = str | int | float | bool | None


def configure(log_format: str, *, level: str = "INFO", secrets: Iterable[str] = ()) -> None:
    """Send every log line of this process to stderr through one masking handler, which replaces all others.

    `log_format` is `text` or `json`; `secrets` are texts to hide. Raises ValueError for any other format or
    level. Celery replaces the handler unless its signal `setup_logging` has a receiver.
    """
    try:
        formatter = {"text": TextFormatter, "json": JsonFormatter}[log_format]()
    except KeyError:
        raise ValueError("the log format is 'text' or 'json'") from None
    handler = _Handler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.setLevel(level)
    configure_secrets(secrets)
    root.handlers[:] = [handler]
    # Uncaught exceptions and Python's warnings, such as Celery's about root, are masked, too.
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda args: _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    logging.captureWarnings(capture=True)


def _log_uncaught(kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None) -> None:
    if not issubclass(kind, SystemExit | KeyboardInterrupt):
        found = (kind, error or kind(), traceback)
        logging.getLogger("dialer").critical("uncaught error", exc_info=found)


class _Handler(logging.StreamHandler):  # type: ignore[type-arg]  # generic in the stubs only
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Report that a line was lost, because logging itself would print the message and its arguments unmasked."""
        if logging.raiseExceptions and sys.stderr:
            with suppress(OSError, ValueError):  # stderr is closed
                sys.stderr.write(f"a log line of {record.name} was lost: {sys.exc_info()[0]}\n")


class _Formatter(logging.Formatter):
    """The masked parts of a line, which both formats share."""

    def when(self, record: logging.LogRecord) -> str:
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"

    def what(self, record: logging.LogRecord) -> str:
        try:
            return mask(record.getMessage())
        except Exception as fault:  # noqa: BLE001 - a line with bad arguments must not be lost
            return f"{mask(str(record.msg))} (its arguments cannot be shown: {type(fault).__name__})"

    def fields(self, record: logging.LogRecord) -> dict[str, _Field]:
        extras = {name: value for name, value in record.__dict__.items() if name not in _NO_FIELDS}
        shown = {name: _field(name, value) for name, value in extras.items()}
        if record.exc_info and record.exc_info[0]:
            shown["exception"] = mask(self.formatException(record.exc_info))
        if record.stack_info:
            shown["stack"] = mask(self.formatStack(record.stack_info))
        return shown


class TextFormatter(_Formatter):
    """`time LEVEL logger job=ID message key=value`; values that contain spaces or quotes are quoted."""

    def format(self, record: logging.LogRecord) -> str:
        fields = self.fields(record)
        job_id = fields.pop("job_id", None)
        head = f"{self.when(record)} {record.levelname:<5} {escape_unprintable(record.name)}"
        job = "" if job_id is None else f" job={_text(job_id)}"
        tail = "".join(f" {escape_unprintable(name)}={_text(value)}" for name, value in fields.items())
        return f"{head}{job} {escape_unprintable(self.what(record))}{tail}"


class JsonFormatter(_Formatter):
    """One JSON object per line: time, level, logger, message, then job_id and other extras, and exception."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, _Field] = {
            "time": self.when(record),
            "level": record.levelname,
            "logger": record.name,
            "message": self.what(record),
        }
        for name, value in self.fields(record).items():
            line.setdefault(name, value)
        return json.dumps(line)  # ASCII only, so it contains no Unicode line separator


def _field(name: str, value: object) -> _Field:
    if is_sensitive(name):
        return HIDDEN
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, int) and (abs(value) < 10 ** (FEWEST_DIGITS - 1) or _MEASURE.fullmatch(name)):
        return value
    hide: Callable[[str], str] = mask_job_id if name == "job_id" else mask
    try:
        return hide(str(value))
    except Exception as fault:  # noqa: BLE001 - a line with a bad value must not be lost
        return f"({type(value).__name__} that cannot be shown: {type(fault).__name__})"


def _text(value: _Field) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    if text and not re.search(r'[\s"=\\]', text):
        return escape_unprintable(text)
    return escape_unprintable('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
