"""The command line of the local launcher."""

import argparse
import os
import signal
import subprocess
import sys
from types import FrameType

from config.local import demo, services
from config.local.postgres import Postgres
from config.local.redis import Redis
from config.local.state import LocalError, State


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, leave_cleanly)
    signal.signal(signal.SIGHUP, leave_cleanly)
    try:
        code: int = options.act(options)
    except LocalError as error:
        print(f"touchstone: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m config.local", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for name, (act, profile, explanation) in COMMANDS.items():
        command = commands.add_parser(name, help=explanation, description=explanation)
        command.set_defaults(act=act)
        command.add_argument("--state", metavar="DIR", help="folder of data, ports and passwords")
        command.add_argument(
            "--profile", choices=["demo", "test"], default=profile, help="test: not durable, quick"
        )
        if name == "run":
            command.add_argument("command", nargs=argparse.REMAINDER, metavar="-- CMD")
        if name == "demo":
            command.add_argument("--detach", action="store_true", help="return when it is ready")
    return top


def run(options: argparse.Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise LocalError("Say what to run: python -m config.local run -- CMD")
    with services.services(chosen(options), options.profile) as environment:
        if options.profile == "test":
            for name in ("HASHED_STATIC", "EMBED_REMEMBERED_SECONDS"):
                environment.setdefault(name, os.environ.get(name, "0"))
        return run_command(command, environment)


def run_command(command: list[str], environment: dict[str, str]) -> int:
    """Run a command to its end, however often we are interrupted: it hears Ctrl-C itself, SIGTERM is passed on."""
    try:
        child = subprocess.Popen(command, env=os.environ | environment)
    except OSError as error:
        raise LocalError(f"{command[0]}: {error.strerror}") from error
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    code = child.wait()
    return 128 - code if code < 0 else code


def start(options: argparse.Namespace) -> int:
    for name, value in services.stay(chosen(options), options.profile).items():
        print(f"export {name}='{value}'")
    return 0


def stop(options: argparse.Namespace) -> int:
    state = chosen(options)
    demo.stop(state)
    services.end(state)
    return 0


def status(options: argparse.Namespace) -> int:
    state = chosen(options)
    running = {"postgres": Postgres(state).is_running(), "redis": Redis(state).is_running()}
    for name, is_running in running.items():
        print(f"{name:<9} {'running' if is_running else 'stopped'}")
    print(f"{'demo':<9} {'running' if demo.is_running(state) else 'stopped'}")
    return 0 if all(running.values()) else 3


def restart_postgres(options: argparse.Namespace) -> int:
    state = chosen(options)
    with state.changing():
        Postgres(state).restart(options.profile)
    return 0


def run_demo(options: argparse.Namespace) -> int:
    state = chosen(options)
    return demo.detach(state) if options.detach else demo.run(state)


def chosen(options: argparse.Namespace) -> State:
    return State.chosen(options.profile, options.state)


def leave_cleanly(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


COMMANDS = {
    "run": (run, "test", "start the services, run a command with their addresses, stop them"),
    "demo": (run_demo, "demo", "the whole application, with a demo shop and a mailbox"),
    "stop": (stop, "demo", "stop the demo and the services"),
    "start": (start, "test", "start the services and leave them running"),
    "status": (status, "demo", "what runs"),
    "restart-postgres": (restart_postgres, "demo", "stop Postgres and start it again; its data stays"),
}

if __name__ == "__main__":
    sys.exit(main())
