"""Celery's and kombu's own log lines, without what they would print of a job: arguments, results, bodies.

Masking alone would not do: a body can stand there as base64, and it holds more than numbers. Which lines
these are was read in celery 5.7 and kombu 5.7; a test compares the table with the installed ones.
"""

import logging
from collections.abc import Mapping
from typing import Any

CUT = "[cut]"

#: The task whose id is the id of a job; other tasks' ids are Celery's own.
_DIAL = "dial"

# How a template begins, and which of its arguments are cut.
_CUT_ARGUMENTS: dict[str, tuple[int, ...]] = {
    # celery.worker.consumer.consumer; headers hold the arguments once more, as argsrepr
    "Received and deleted unknown message": (0,),
    "Received unregistered task of type": (1, 2, 3),
    "Received invalid task message": (1,),
    "Can't decode message body": (0, 3, 4),  # the repr of a UnicodeDecodeError is the whole body
    "Failed to cancel active request": (0,),
    # celery.worker.strategy, celery.worker.request, celery.concurrency
    "Couldn't convert ETA": (2,),
    "Task %s[%s] succeeded before the worker was lost": (2,),
    "TaskPool: Apply": (1, 2),
    # kombu
    "Could not restore message": (0,),
    "Cannot process event on channel": (1,),
    "Cannot decode message": (0,),
}
# Formatted before they are logged: what follows the colon is cut.
_CUT_AFTER_COLON = ("UNABLE TO RESTORE",)
# Keys of the context that celery.app.trace and celery.worker.strategy log by.
_CUT_KEYS = ("args", "kwargs", "return_value")


def is_celery(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in {"celery", "kombu"}


def message(record: logging.LogRecord) -> str:
    """Give the message of a record of Celery's or kombu's, with `[cut]` in place of what belongs to a job."""
    template, args = str(record.msg), record.args
    cut = next((where for begin, where in _CUT_ARGUMENTS.items() if template.startswith(begin)), ())
    if isinstance(args, Mapping) and cut:
        args = (args,)  # logging takes a lone dict argument for a context: here it is a message
    if isinstance(args, Mapping):
        context: dict[str, Any] = {**args, **{key: CUT for key in _CUT_KEYS if key in args}}
        if isinstance(context.get("runtime"), float):
            context["runtime"] = f"{context['runtime']:.3f}"
        return template % context
    if template.startswith(_CUT_AFTER_COLON):
        return f"{template.partition(':')[0]}: {CUT}"
    if not args:
        return template
    return template % tuple(CUT if index in cut else arg for index, arg in enumerate(args))


def fields(record: logging.LogRecord) -> dict[str, object]:
    """Give what stands for the `data` of a record of Celery's: the id of the job, or of the task."""
    context = record.__dict__.get("data")
    if not isinstance(context, Mapping) or "id" not in context:
        return {}
    return {"job_id" if context.get("name") == _DIAL else "task_id": context["id"]}
