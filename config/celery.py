"""Celery carries wake-ups only: Postgres is the truth, and losing every broker message loses nothing."""

import os
from typing import Any

from celery import Celery, Task

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings
from django.db import close_old_connections

from config.flow import STEPS, UPKEEP


class KeepingTask(Task):
    """Keeps its process's connection to the database for the tasks that follow, as requests do.

    Celery would open one for each, and have every statement planned anew: most of what an idle installation costs.
    """

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        close_old_connections()  # one that broke, or has its age


app = Celery("touchstone", task_cls=KeepingTask)
app.conf.update(
    broker_url=settings.REDIS_URL,
    task_ignore_result=True,
    CELERY_DB_REUSE_MAX=1_000_000,  # see KeepingTask; read by Celery's Django fixup under this name alone
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=1000,
    worker_soft_shutdown_timeout=25,
    worker_enable_soft_shutdown_on_idle=True,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    task_soft_time_limit=240,
    task_time_limit=300,  # below the visibility timeout, so that no task runs twice for being slow
    task_publish_retry_policy={"max_retries": 1},
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 900,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "global_keyprefix": "touchstone:",
    },
    beat_schedule={
        # A wake-up older than its interval is worth nothing: the next one is already there.
        step.task: {"task": step.task, "schedule": step.seconds, "options": {"expires": max(step.seconds, 5)}}
        for step in [*STEPS, *UPKEEP]
    },
    timezone="UTC",
)
app.autodiscover_tasks(["engagement", "journeys", "reviews", "nudges"])
