"""Tables, static files and the demo's data, in one process, and only what is not there yet.

Each start of Django costs seconds, and so do `migrate` and `collectstatic` when they find nothing to do.
"""

import hashlib
import sys
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from config.local.processes import say


def main(info: Path) -> None:
    django.setup()
    migrate()
    collect_static()
    say("demo", "seeding")
    call_command("seed_demo", info=info)


def migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say("demo", "making tables")
        call_command("migrate", interactive=False, verbosity=0)


def collect_static() -> None:
    """Again when a source was added, removed, changed or collected elsewhere since."""
    mark = Path(settings.STATIC_ROOT) / ".sources"
    sources = digest_of_sources()
    if mark.exists() and mark.read_text() == sources:
        return
    say("demo", "collecting static files")
    call_command("collectstatic", interactive=False, verbosity=0)
    mark.write_text(sources)


def digest_of_sources() -> str:
    """Names, sizes and times of all static files; reading 1,000 of them would cost what it should save."""
    seen = hashlib.sha256(str(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            seen.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return seen.hexdigest()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
