"""Real logs through the front door: `demo.replay` with a real Segment client, and a ledger that adds up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.races.shops import CAP, audit, count, make_replay_shop
from tests.races.world import World

LOGS = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.mark.timeout(420)
@pytest.mark.skipif(
    not LOGS.is_dir(), reason=f"the real logs are not there ({LOGS.name} beside the checkout)"
)
@pytest.mark.parametrize(("log", "most"), [("clicks", 1000), ("households", 800)])
def test_a_real_log_becomes_events_stages_and_capped_letters(
    world: World, log: str, most: int, tmp_path: Path
) -> None:
    shop, earlier = world.ask(make_replay_shop), set(world.letters())
    info = tmp_path / "info.json"
    info.write_text(json.dumps(shop | {"dashboard": f"{world.url}/", "api": f"{world.url}/api/v1/"}))
    replay = subprocess.run(
        [
            *(sys.executable, "-m", "demo.replay", "--info", str(info), "--data", str(LOGS)),
            *("--log", log, "--most", str(most)),
        ],
        env=os.environ | world.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert replay.returncode == 0, replay.stdout + replay.stderr
    tracked = int(replay.stdout.split(" calls tracked")[0].split()[-1])

    counts = settled(world, shop["workspace"])
    letters = [n for one, n in world.letters().items() if one not in earlier]
    outcomes = counts["outcomes"]
    assert counts["events"] == counts["event_ids"] == tracked
    assert counts["stages"].get("shortlist" if log == "clicks" else "post_purchase"), counts["stages"]
    assert counts["candidates"] == counts["decisions"] == sum(outcomes.values())
    assert outcomes["send"] == counts["messages"]["sent"] == len(letters)
    assert set(letters) == {1}
    assert counts["most_for_one_customer"] <= CAP
    assert world.ask(audit, world.now()) == []
    if log == "households":  # 27 campaigns for two slots a week
        assert outcomes["suppress"] > outcomes["send"]


def settled(world: World, workspace_id: int) -> dict[str, Any]:
    """The counts once nothing is waiting any more."""
    found: dict[str, Any] = {}

    def is_settled() -> bool:
        found.update(world.ask(count, workspace_id, world.now()))
        return not found["waiting"] and found["candidates"] > 0

    assert world.children.tend_until(is_settled, seconds=240), found["waiting"]
    return found
