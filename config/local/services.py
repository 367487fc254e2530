"""Postgres and Redis together: started for the first that needs them, stopped after the last.

DATABASE_URL or REDIS_URL in the environment names a server of the user's own; then ours of that kind is not started.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from config.local.postgres import Postgres
from config.local.redis import Redis
from config.local.state import PROJECT, LocalError, State


@contextmanager
def services(state: State, profile: str) -> Iterator[dict[str, str]]:
    """Both services for the length of a block; yields the environment that reaches them."""
    with state.changing():
        user = state.join()
        try:
            environment = start(state, profile)
        except BaseException:
            leave(state, user)
            raise
    try:
        yield environment
    finally:
        with state.changing():
            leave(state, user)


def leave(state: State, user: int) -> None:
    if state.leave(user) and not state.read().get("stay"):
        stop(state)


def start(state: State, profile: str) -> dict[str, str]:
    environment = {
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "config.settings"),
        "SECRET_KEY": os.environ.get("SECRET_KEY") or state.secret("secret_key"),
        # Compiled once, in a folder of our own, even where the user keeps caches out of source trees (images of Python
        # often do): without it each of our many processes would compile all of Django when it starts.
        "PYTHONPYCACHEPREFIX": os.environ.get("PYTHONPYCACHEPREFIX") or str(PROJECT / ".local" / "pycache"),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    for name, service in wanted(state).items():
        service.start(profile)
        environment[name] = service.url
    return environment


def revive(state: State, profile: str) -> bool:
    """Start again what has died; true when something had."""
    with state.changing():
        dead = [service for service in wanted(state).values() if not service.is_running()]
        for service in dead:
            service.start(profile)
    return bool(dead)


def stop(state: State) -> None:
    Redis(state).stop()
    Postgres(state).stop()


def wanted(state: State) -> dict[str, Postgres | Redis]:
    kinds: dict[str, type[Postgres] | type[Redis]] = {"DATABASE_URL": Postgres, "REDIS_URL": Redis}
    return {name: kind(state) for name, kind in kinds.items() if not os.environ.get(name)}


def stay(state: State, profile: str) -> dict[str, str]:
    """Start the services and leave them running until `stop`."""
    with state.changing():
        environment = start(state, profile)
        state.keep(stay=True)
    return environment


def end(state: State) -> None:
    """Stop the services, unless somebody is using them."""
    with state.changing():
        state.keep(stay=False)
        if state.is_used():
            raise LocalError(
                f"The services of {state.folder} are in use; they stop when their last user ends"
            )
        stop(state)
