"""django-post-office on the same server: another queue in Django that is known and used.

It is installed into a throw-away environment with the versions named here; where that is not possible nothing is
measured, and the notes say so. Its queue is filled by its own `send_many` with texts of the size of ours, then its own
`send_queued` is timed, on a database of the same Postgres: with its defaults (one process with five threads, batches of
100), and with the whole queue as one batch, which is quicker, in one process and in two.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2

PACKAGES = ["django-post-office==3.12.0", "Django==5.2.*", "psycopg2-binary"]
SCRIPT = Path(__file__).with_name("django_post_office_script.py")
DATABASE = "touchstone_bench_post_office"
WAYS = {"its_defaults": (1, 100), "one_process_one_batch": (1, 100_000), "two_processes": (2, 100_000)}


def measure(mail_port: int, *, mails: int, text: str, html: str) -> dict[str, int] | str:
    """Mails a second in each of WAYS, or why there is nothing."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder, "bin", "python")
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        if problem := failed(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
        ):
            return f"skipped, it could not be installed: {problem}"
        rates = {}
        for way, (processes, batch) in WAYS.items():
            told = {
                "database": make_database(),
                "mail_port": mail_port,
                "mails": mails,
                "text": text,
                "html": html,
            }
            done = subprocess.run(
                [python, SCRIPT],
                input=json.dumps(told | {"processes": processes, "batch": batch}),
                capture_output=True,
                text=True,
                check=True,
            )
            rates[way] = round(float(done.stdout.split()[-1]))
    return rates


def failed(command: list[str | Path]) -> str:
    """The last words of a command that failed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def make_database() -> dict[str, object]:
    """An empty one, as Django's settings name it."""
    maintenance = os.environ["BENCH_DATABASE_URL"]
    connection = psycopg2.connect(maintenance)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    connection.close()
    url = urlsplit(maintenance)
    return {
        "NAME": DATABASE,
        "HOST": url.hostname,
        "PORT": url.port,
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
    }
