"""A database of the benchmark's own, made anew, and the program served on it as the demo serves it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import django
import psycopg2
from django.apps import apps
from django.db import connections

from config.local.demo import is_reached, web
from config.local.state import PROJECT, free_port

DATABASE = "touchstone_bench"


def make_world() -> None:
    """Make the database, with all tables, and set Django up on it. Refuses a server that is not durable."""
    maintenance = os.environ.get("BENCH_DATABASE_URL") or os.environ["DATABASE_URL"]
    os.environ["BENCH_DATABASE_URL"] = maintenance
    if apps.ready:
        connections.close_all()  # of the benchmark before this one
    connection = psycopg2.connect(maintenance)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            cursor.execute(f"SHOW {setting}")
            if cursor.fetchone() != ("on",):
                sys.exit(f"{setting} is off on this server: a measurement without durability says nothing")
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    connection.close()
    os.environ["DATABASE_URL"] = urlunsplit(urlsplit(maintenance)._replace(path=f"/{DATABASE}"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ["LOG_LEVEL"] = "WARNING"
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=PROJECT, check=True)
    django.setup()


@contextmanager
def served(*, urls: str = "config.urls") -> Iterator[int]:
    """The program behind the server that the demo uses, for the length of a block; yields the port."""
    with start_server(web, urls=urls) as (port, _):
        yield port


@contextmanager
def start_server(
    command: Callable[[int], list[str]], *, urls: str = "config.urls"
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The program behind a server started by this command for a port; yields the port and the process."""
    port = free_port()
    environment = os.environ | {
        "BASE_URL": f"http://127.0.0.1:{port}",
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "BENCH_URLS": urls,
        "STATIC_ROOT": str(PROJECT / "static"),
    }
    process = subprocess.Popen(command(port), env=environment, cwd=PROJECT)
    try:
        deadline = time.monotonic() + 60
        while not is_reached(f"http://127.0.0.1:{port}/healthz"):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit("the web server did not start")
            time.sleep(0.1)
        yield port, process
    finally:
        process.terminate()
        process.wait(30)


def settle() -> None:
    """Statistics as a running installation has them: without, the planner reads small tables whole."""
    with raw_connection() as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("VACUUM (ANALYZE)")


@contextmanager
def raw_connection() -> Iterator[psycopg2.extensions.connection]:
    """A connection to the benchmark's database without Django in between."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    try:
        yield connection
    finally:
        connection.close()
