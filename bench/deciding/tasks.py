"""The per-recipient pattern as it is run: a task of a queue for each recipient.

Celery as a careful person sets it: no results, connections to the database kept between tasks (it would open one for
each), its quickest pool for one worker (`solo`: no process between queue and task). Run as a program it is that worker,
until it is ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence

import django
import redis
from celery import Celery

from bench.deciding import peer

QUEUE, ENDED = "bench-recipients", "bench-recipients-ended"

app = Celery("bench", broker=os.environ.get("REDIS_URL"))
app.conf.update(
    task_ignore_result=True,
    task_default_queue=QUEUE,
    broker_connection_retry_on_startup=True,
    CELERY_DB_REUSE_MAX=1_000_000,
)
_clock: list[float] = []


@app.task(name="bench.begin")
def begin() -> None:
    """The first of them: from here on it counts."""
    _clock.append(time.perf_counter())


@app.task(name="bench.decide_one")
def decide_one(candidate_id: int) -> None:
    """What becomes of one candidate."""
    peer.decide_one(candidate_id)


@app.task(name="bench.end")
def end() -> None:
    """The last of them: says how many seconds all those between took."""
    redis.Redis.from_url(os.environ["REDIS_URL"]).rpush(ENDED, time.perf_counter() - _clock.pop())


def decide_for(nudge_ids: Sequence[int], first: int, last: int) -> float:
    """Decisions a second by one worker, of these nudges for the customers from `first` to `last`, queued beforehand."""
    broker = redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=None)
    broker.delete(QUEUE, ENDED)
    asked = [pk for nudge_id in nudge_ids for pk in peer.candidates_of(nudge_id, first, last)]
    begin.delay()
    for candidate_id in asked:
        decide_one.delay(candidate_id)
    end.delay()
    command = [sys.executable, "-W", "ignore", "-m", "bench.deciding.tasks"]
    worker = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        ended = broker.blpop([ENDED], timeout=600)
    finally:
        worker.terminate()
        worker.wait(30)
    if not ended:
        sys.exit("the tasks were not done within ten minutes")
    return len(asked) / float(ended[1])


if __name__ == "__main__":
    django.setup()
    app.worker_main(
        [
            "worker",
            "--pool=solo",
            "--loglevel=ERROR",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
    )
