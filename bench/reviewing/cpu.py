"""CPU time of server processes, as the kernel counts it: what a request costs whatever else the machine does."""

from __future__ import annotations

import http.client
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from django.db import connection

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def cpu_ms(roots: Sequence[int]) -> float:
    """Milliseconds that these processes, all under them, and their children that ended have used so far."""
    parents = _parents()
    found, waiting = set(roots), list(roots)
    while waiting:
        children = [pid for pid, parent in parents.items() if parent == waiting[-1] and pid not in found]
        waiting.pop()
        found.update(children)
        waiting.extend(children)
    return TICK_MS * sum(sum(map(int, fields[11:15])) for pid in found if (fields := _stat(pid)))


def database_pid() -> int:
    """The process above the one that answers us: every connection's work is done under it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(_stat(cursor.fetchone()[0])[1])


def cost_of_requests(
    port: int, paths: Sequence[str], *, roots: Sequence[int], headers: Mapping[str, str], expected: int = 200
) -> float:
    """CPU milliseconds that one of these GETs takes of the processes under `roots`, asked one after the other."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    before = cpu_ms(roots)
    for path in paths:
        client.request("GET", path, headers=dict(headers))
        answer = client.getresponse()
        answer.read()
        assert answer.status == expected, (path, answer.status)
    client.close()
    return (cpu_ms(roots) - before) / len(paths)


def median_cost(measure: Callable[[], float], rounds: int) -> float:
    return sorted(measure() for _ in range(rounds))[rounds // 2]


def _parents() -> dict[int, int]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return {pid: int(fields[1]) for pid in pids if (fields := _stat(pid))}


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat after the name, which may hold anything; empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []
