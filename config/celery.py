"""Celery's configuration: a lean consumer of nudges, on Redis, that neither loses nor doubles what matters.

What matters is in the ledger; these settings only keep the worker connected and quiet. Each has its reason in
`docs/adr/0002-the-ledger-is-the-truth.md` and Celery's own documentation.
"""

from typing import Any

from config.settings import Settings
from config.urls import verified

#: kombu passes no socket time-out unless told: a half-open connection would hang a worker for ever.
SOCKET_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 3.0


def celery_config(settings: Settings, *, queue: str) -> dict[str, Any]:
    """The configuration of an app that consumes `queue`; results are written by the ledger, not by Celery."""
    return {
        "broker_url": verified(settings.redis_url.reveal()),
        "broker_transport_options": {
            "socket_timeout": SOCKET_TIMEOUT_S,
            "socket_connect_timeout": CONNECT_TIMEOUT_S,
            "socket_keepalive": True,
            "health_check_interval": 5,
            # Read for sentinel:// URLs only.
            "master_name": settings.sentinel_master,
        },
        "broker_connection_retry_on_startup": True,
        # The default gives up after 100 tries; an outage of Redis may last longer.
        "broker_connection_max_retries": None,
        # Without it a Redis that refuses a command ends the worker; `worker.consumer` keeps it from spinning.
        "broker_channel_error_retry": True,
        "result_backend": None,
        "task_ignore_result": True,
        "task_default_queue": queue,
        "task_create_missing_queues": True,
        "accept_content": ["json"],
        "task_serializer": "json",
        "worker_prefetch_multiplier": 1,
        # A nudge that is lost with its worker is repeated: nothing is gained by keeping it unacknowledged.
        "task_acks_late": False,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "enable_utc": True,
    }
