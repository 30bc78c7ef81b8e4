"""Celery's configuration: it consumes nudges from Redis, and does nothing else.

The jobs are in the ledger, so these settings only keep the worker connected and quiet. The reasons are in
`docs/adr/0002-the-ledger-is-the-truth.md` and in Celery's own documentation.
"""

from typing import Any

from config.settings import Settings
from config.urls import verified

#: kombu sets no socket timeout by default: a half-open connection would block a worker forever.
SOCKET_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 3.0


def celery_config(settings: Settings, *, queue: str) -> dict[str, Any]:
    """Return the configuration of an app that consumes `queue`; the ledger writes results, not Celery."""
    return {
        "broker_url": verified(settings.redis_url.reveal()),
        "broker_transport_options": {
            "socket_timeout": SOCKET_TIMEOUT_S,
            "socket_connect_timeout": CONNECT_TIMEOUT_S,
            "socket_keepalive": True,
            "health_check_interval": 5,
            # Used for sentinel:// URLs only.
            "master_name": settings.sentinel_master,
        },
        "broker_connection_retry_on_startup": True,
        # By default Celery gives up after 100 tries; an outage of Redis may last longer.
        "broker_connection_max_retries": None,
        # Without it the worker exits when Redis refuses a command; `worker.consumer` limits the rate of retries.
        "broker_channel_error_retry": True,
        "result_backend": None,
        "task_ignore_result": True,
        "task_default_queue": queue,
        "task_create_missing_queues": True,
        "accept_content": ["json"],
        "task_serializer": "json",
        "worker_prefetch_multiplier": 1,
        # The scheduler repeats a nudge that is lost with its worker, so late acknowledgement gains nothing.
        "task_acks_late": False,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "enable_utc": True,
    }
