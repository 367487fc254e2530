"""The whole application on one machine: services, web, worker, clock, a demo shop and a mailbox that keeps letters."""

import fcntl
import itertools
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from config.local import services
from config.local.postgres import command_line, tail
from config.local.processes import Child, Children, is_group, say, signal_group
from config.local.redis import wait_until
from config.local.state import PROJECT, LocalError, State, is_locked, lock, write_private

DEMO = PROJECT / ".demo"
INFO = DEMO / "info.json"


def run(state: State) -> int:
    """Everything in this terminal until Ctrl-C or `stop`."""
    with only_one(state):
        end_leftovers(state)
        with services.services(state, "demo") as environment:
            ports = chosen_ports(state)
            environment |= settings(ports)
            prepare(environment)
            children = Children(processes(state, ports, environment))
            try:
                tend(state, children, ports, environment)
            except KeyboardInterrupt:
                return 0
            finally:
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_IGN)  # an impatient second Ctrl-C must not leave orphans
                say("demo", "stopping")
                children.end()
                state.keep(demo_groups=[])
    return 0


def tend(state: State, children: Children, ports: dict[str, int], environment: dict[str, str]) -> None:
    is_ready = children.tend_until(lambda: answers(ports), seconds=90)
    state.keep(demo_groups=children.groups())
    if not is_ready:
        raise LocalError("The demo did not become ready in 90 s; the lines above say why")
    info = publish(ports, environment)
    print(block(info), flush=True)
    state.keep(demo_ready=os.getpid())
    for turn in itertools.count():
        before = children.groups()
        children.tend()
        if children.groups() != before:
            state.keep(demo_groups=children.groups())
        if turn % 8 == 7 and services.revive(state, "demo"):
            say("demo", "a service had died and runs again")
        time.sleep(0.25)


def detach(state: State) -> int:
    """Start the demo in the background and return when it is ready."""
    if not is_running(state):
        log = state.folder / "demo.log"
        with log.open("w") as output:
            child = subprocess.Popen(
                [sys.executable, "-m", "config.local", "demo", "--state", str(state.folder)],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(lambda: is_ready(state, child.pid) or child.poll() is not None, seconds=600)
        if not is_ready(state, child.pid):
            child.terminate()
            raise LocalError(f"The demo did not start. {log} ends:\n{tail(log, 30)}")
    print(block(json.loads(INFO.read_text())))
    return 0


def stop(state: State) -> None:
    """End the demo of this state, wherever it runs, and wait until it is gone."""
    if is_running(state):
        os.kill(int(state.read()["demo"]), signal.SIGTERM)
        if not wait_until(lambda: not is_running(state), seconds=60):
            raise LocalError("The demo did not end within a minute")
    end_leftovers(state)


def is_running(state: State) -> bool:
    return is_locked(state.folder / "demo.lock")


def is_ready(state: State, pid: int) -> bool:
    return state.read().get("demo_ready") == pid


@contextmanager
def only_one(state: State) -> Iterator[None]:
    try:
        handle = lock(state.folder / "demo.lock", fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LocalError(f"The demo runs already ({INFO} says where); `make stop` ends it") from None
    try:
        state.keep(demo=os.getpid(), demo_ready=None)
        yield
    finally:
        os.close(handle)


def end_leftovers(state: State) -> None:
    """Children of a demo that was killed: ended by their recorded ids, if those are still ours."""
    groups = [pid for pid in state.read().get("demo_groups", []) if str(sys.executable) in command_line(pid)]
    for group in groups:
        signal_group(group, signal.SIGKILL)
    if groups:
        wait_until(lambda: not any(map(is_group, groups)), seconds=5)  # their ports are free only then
    state.keep(demo_groups=[])


def chosen_ports(state: State) -> dict[str, int]:
    return {
        "web": state.port("web_port", prefer=8000),
        "shop": state.port("shop_port", prefer=8001),
        "smtp": state.port("smtp_port"),
    }


def settings(ports: dict[str, int]) -> dict[str, str]:
    """The environment of every process of the demo."""
    return {
        "DEBUG": "0",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "BASE_URL": f"http://127.0.0.1:{ports['web']}",
        "EMAIL_URL": f"smtp://127.0.0.1:{ports['smtp']}",
        "OUTBOX_DIR": str(DEMO / "outbox"),
        "DEMO_SHOP_URL": f"http://127.0.0.1:{ports['shop']}",
        "DEMO_INFO": str(INFO),
        "PYTHONUNBUFFERED": "1",
        # A demo in a container runs as root; the worker executes nothing but our own tasks from JSON.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    }


def prepare(environment: dict[str, str]) -> None:
    """Tables, static files and the demo's data."""
    (DEMO / "outbox").mkdir(parents=True, exist_ok=True)
    DEMO.chmod(0o700)
    done = subprocess.run(
        [sys.executable, "-m", "config.local.preparing", str(INFO)],
        cwd=PROJECT,
        env=os.environ | environment,
        check=False,
    )
    if done.returncode:
        raise LocalError("The demo could not be prepared; the lines above say why")


def web(port: int) -> list[str]:
    """The one place that says which server serves the demo."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "2", "--blocking-threads", "32", "--no-ws", "config.wsgi:application"),
    ]


def processes(state: State, ports: dict[str, int], environment: dict[str, str]) -> list[Child]:
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "--quiet", "-A", "config"]
    schedule = str(state.folder / "clock")
    outbox = str(DEMO / "outbox")
    commands = {
        "mail": [*python, "demo.mailbox", "--smtp-port", str(ports["smtp"]), "--dir", outbox],
        "web": web(ports["web"]),
        "shop": [*python, "demo.shop", "--port", str(ports["shop"])],
        "worker": [
            *celery,
            "worker",
            "--loglevel",
            "INFO",
            "--concurrency",
            "2",
            "--without-gossip",
            "--without-mingle",
        ],
        "clock": [*celery, "beat", "--loglevel", "WARNING", "--schedule", schedule],
    }
    return [Child(name, command, environment) for name, command in commands.items()]


def answers(ports: dict[str, int]) -> bool:
    """Web and shop both answer."""
    return is_reached(f"http://127.0.0.1:{ports['web']}/healthz") and is_reached(
        f"http://127.0.0.1:{ports['shop']}/"
    )


def is_reached(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            return bool(answer.status < 400)
    except (urllib.error.URLError, OSError):
        return False


def publish(ports: dict[str, int], environment: dict[str, str]) -> dict[str, Any]:
    """Where everything is, merged with the keys that the seed wrote."""
    info: dict[str, Any] = json.loads(INFO.read_text()) if INFO.exists() else {}
    base = environment["BASE_URL"]
    reached = os.environ | environment
    info |= {
        "dashboard": f"{base}/",
        "api": f"{base}/api/v1/",
        "shop": environment["DEMO_SHOP_URL"] + "/",
        "outbox": f"{base}/outbox",
        "database_url": reached["DATABASE_URL"],
        "redis_url": reached["REDIS_URL"],
    }
    write_private(INFO, json.dumps(info, indent=2) + "\n")
    return info


def block(info: dict[str, Any]) -> str:
    """What a person needs to begin."""
    base = info["dashboard"].rstrip("/")
    event = '{"userId": "ada", "event": "Product Viewed", "properties": {"product_id": "1"}}'
    return f"""
  Touchstone is ready.

  dashboard    {info["dashboard"]}
    login      {info.get("email", "-")}  /  {info.get("password", "-")}
  demo shop    {info["shop"]}
  outbox       {info["outbox"]}
  write key    {info.get("write_key", "-")}
  secret key   {info.get("secret_key", "-")}
  all of it    {INFO.relative_to(PROJECT)}

  curl -u '{info.get("write_key", "-")}:' {base}/v1/track -H 'Content-Type: application/json' -d '{event}'
"""
