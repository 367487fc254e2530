"""The launcher of local services: its rules, and one real cluster that is started, killed and started again."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from config.local import processes, services
from config.local.__main__ import main
from config.local.demo import block
from config.local.postgres import Postgres
from config.local.state import State, is_free, write_private

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    for name in ("DATABASE_URL", "REDIS_URL", "TOUCHSTONE_STATE"):
        monkeypatch.delenv(name, raising=False)
    return State(tmp_path / "state")


@pytest.fixture
def running(state: State) -> Iterator[dict[str, str]]:
    with services.services(state, "test") as environment:
        yield environment
    remove_shared_home(state)


def remove_shared_home(state: State) -> None:
    """As root the data lies outside the temporary folder."""
    home = Postgres(state).home
    if home != state.folder:
        shutil.rmtree(home)


def ask(url: str, sql: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def run(state: State, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "config.local", "run", "--state", str(state.folder), "--", *command],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


class TestState:
    def test_a_secret_is_made_once_and_only_its_owner_can_read_it(self, state: State) -> None:
        assert state.secret("word") == state.secret("word")
        assert (state.folder / "kept.json").stat().st_mode & 0o777 == 0o600

    def test_a_port_is_kept_while_it_is_free(self, state: State) -> None:
        port = state.port("web")
        assert state.port("web") == port
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", port))
            taken.listen()
            assert not is_free(port)
            assert state.port("web") != port

    def test_the_last_to_leave_knows_it(self, state: State) -> None:
        first, second = state.join(), state.join()
        assert not state.leave(first)
        assert state.leave(second)

    def test_a_private_file_is_replaced_whole(self, tmp_path: Path) -> None:
        for text in ("long text", "short"):
            write_private(tmp_path / "file", text)
        assert [path.read_text() for path in tmp_path.iterdir()] == ["short"]

    def test_the_environment_names_the_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TOUCHSTONE_STATE", str(tmp_path / "mine"))
        assert State.chosen("test").folder == tmp_path / "mine"
        assert State.chosen("test", str(tmp_path / "asked")).folder == tmp_path / "asked"


class TestProcesses:
    @pytest.mark.parametrize(("deaths", "pause"), [(1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (500, 30)])
    def test_the_pause_grows_to_a_bound(self, deaths: int, pause: float) -> None:
        assert processes.back_off(deaths) == pause

    def test_a_dead_child_is_announced_and_starts_again_only_when_due(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        child = processes.Child("web", [sys.executable, "-c", "raise SystemExit(3)"], {})
        child.tend(now=100)
        assert child.process
        child.process.wait()
        child.tend(now=101)
        child.tend(now=101.5)
        assert child.process is None
        assert "ended with code 3; starting it again in 1 s" in capsys.readouterr().out
        child.tend(now=102)
        assert child.process
        child.process.wait()


class TestServices:
    def test_servers_of_the_users_own_are_used_and_none_is_started(
        self, state: State, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/x")
        monkeypatch.setenv("REDIS_URL", "redis://elsewhere/0")
        with services.services(state, "test") as environment:
            assert not {"DATABASE_URL", "REDIS_URL"} & set(environment)
        assert not (state.folder / "redis").exists()

    def test_data_outlives_a_restart_and_a_crash(self, state: State, running: dict[str, str]) -> None:
        url = running["DATABASE_URL"]
        ask(url, "CREATE TABLE kept AS SELECT 7 AS number")
        Postgres(state).restart("demo")
        assert ask(url, "SELECT number, current_setting('fsync') FROM kept") == [(7, "on")]

        pid = Postgres(state).pid()
        assert pid
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while Postgres(state).is_running() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert services.revive(state, "demo")
        assert ask(url, "SELECT number FROM kept") == [(7,)]

    def test_a_second_launcher_joins_and_leaves_the_first_its_services(
        self, state: State, running: dict[str, str]
    ) -> None:
        said = run(state, sys.executable, "-c", "import os; print(os.environ['DATABASE_URL'])")
        assert said.stdout.strip() == running["DATABASE_URL"]
        assert ask(running["DATABASE_URL"], "SELECT 1") == [(1,)]
        assert redis.Redis.from_url(running["REDIS_URL"]).ping()

    def test_nobody_enters_without_the_password(self, running: dict[str, str]) -> None:
        port = running["DATABASE_URL"].split(":")[3].split("/")[0]
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(
                host="127.0.0.1", port=port, user="touchstone", password="wrong", dbname="postgres"
            )
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=int(running["REDIS_URL"].split(":")[3].split("/")[0])).ping()

    def test_the_command_decides_the_exit_code_and_everything_ends_after_it(self, state: State) -> None:
        try:
            assert run(state, "sh", "-c", "exit 7").returncode == 7
            assert run(state, "/no/such/program").returncode == 1
            assert not Postgres(state).is_running()
            assert main(["status", "--state", str(state.folder)]) == 3
        finally:
            remove_shared_home(state)

    def test_a_folder_that_was_deleted_and_made_again_starts_anew(self, state: State) -> None:
        try:
            with services.services(state, "test") as lost:
                ask(lost["DATABASE_URL"], "CREATE TABLE of_the_deleted AS SELECT 1")
            shutil.rmtree(state.folder)
            again = State(state.folder)
            with services.services(again, "test") as environment:
                found = ask(environment["DATABASE_URL"], "SELECT to_regclass('of_the_deleted')")
            assert found == [(None,)]
        finally:
            remove_shared_home(state)


def test_the_block_shows_what_a_person_needs() -> None:
    info = {
        "dashboard": "http://127.0.0.1:8000/",
        "shop": "http://127.0.0.1:8001/",
        "outbox": "outbox",
        "email": "ada@example.com",
        "password": "secret",
        "write_key": "wk",
        "secret_key": "sk",
    }
    text = block(info)
    assert all(value in text for value in info.values())
    assert json.loads(text.split("-d '")[1].split("'")[0])["event"]
