"""The Celery app: how tasks travel. What they do is in the modules it imports by name."""

from __future__ import annotations

from os import environ
from typing import Any

from celery import Celery
from kombu import Queue

from workers import logs, metrics, queues, trace

# A frozen store must cost seconds, never hang a web request; all four are unset by default.
TIMEOUTS: dict[str, Any] = {
    "socket_timeout": 3,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 5,
}
# What a killed worker had in its hands comes back after the first, looked for every second one.
REDELIVERY: dict[str, Any] = {
    "visibility_timeout": 30,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
}

app = Celery("fairticket", broker=environ.get("FAIRTICKET_BROKER_URL", "broker-url-is-not-set://"))
app.conf.update(
    include=[
        *(f"workers.{name}" for name in queues.ALL),
        "workers.aftersale",  # tasks of the orders' queue too
        "workers.leaving",
        "schedules.onsale",  # by name: the schedule is a layer above this one
    ],
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_routes=queues.ROUTES,
    task_queues=[Queue(name) for name in queues.ALL],
    task_create_missing_queues=False,
    task_publish_retry_policy={"max_retries": 2, "interval_start": 0.1, "interval_max": 0.5},
    task_send_sent_event=True,  # Flower shows a task from the moment it is sent
    worker_send_task_events=True,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    broker_transport_options={**TIMEOUTS, **REDELIVERY},
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # a worker outlives its broker and waits for it
    enable_utc=True,
)
logs.install()
metrics.install()
trace.install()  # last: what the others log at the end of a task still has its trace id
