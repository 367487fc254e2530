"""Real logs through the front door: `demo.replay` with a real Segment client, and a ledger that adds up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.local.demo import is_reached
from tests.races.kill_world import CAP
from tests.races.world import World, settled

LOGS = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.mark.timeout(420)
@pytest.mark.skipif(
    not LOGS.is_dir(), reason=f"the real logs are not there ({LOGS.name} beside the checkout)"
)
@pytest.mark.parametrize(("log", "most"), [("clicks", 2000), ("households", 2000)])
def test_a_real_log_becomes_events_stages_and_capped_letters(
    world: World, log: str, most: int, tmp_path: Path
) -> None:
    base = f"http://127.0.0.1:{world.port}"
    keys = world.ask("replay_keys")
    info = tmp_path / "info.json"
    info.write_text(json.dumps(keys | {"dashboard": f"{base}/", "api": f"{base}/api/v1/"}))
    assert world.children.tend_until(lambda: is_reached(f"{base}/healthz"), seconds=60)

    replay = subprocess.run(
        [
            sys.executable,
            "-m",
            "demo.replay",
            "--info",
            str(info),
            "--data",
            str(LOGS),
            "--log",
            log,
            "--most",
            str(most),
        ],
        env=os.environ | world.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert replay.returncode == 0, replay.stdout + replay.stderr
    tracked = int(replay.stdout.split(" calls tracked")[0].split()[-1])

    counts = settled(world)
    assert counts["events"] == counts["event_ids"] == tracked
    assert counts["stages"].get("shortlist" if log == "clicks" else "post_purchase"), counts["stages"]
    outcomes = counts["by_outcome"]
    assert counts["candidates"] == counts["decisions"] == sum(outcomes.values())
    assert outcomes["send"] == sum(counts["messages"].values()) == sum(world.letters().values())
    assert max(world.letters().values()) == 1
    assert counts["most_for_one_customer"] <= CAP
    world.manage("manage.py", "audit_caps")
    if log == "households":  # 27 campaigns for two slots a week
        assert outcomes["suppress"] > outcomes["send"]
