"""The examples of docs/integrating.md, run as they stand against the program as it is served."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engagement.keys import SCOPES, make_key
from engagement.models import Consent, Customer, Event, Product, Workspace
from journeys.models import Guide
from nudges.models import Candidate
from reviews.models import Review
from tests import make
from tests.clients.conftest import missing
from tests.committed import Server

pytestmark = pytest.mark.usefixtures("committed")

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "integrating.md"
RUNNERS = {"sh": ["bash", "-euo", "pipefail"], "python": [sys.executable], "js": ["node"]}
SUFFIXES = {"sh": "sh", "python": "py", "js": "mjs"}


def blocks(language: str) -> list[str]:
    """The code blocks in one language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(), flags=re.MULTILINE | re.DOTALL)


def run_examples(language: str, server: Server, workspace: Workspace, folder: Path) -> str:
    """All examples of one language as one program; its output. Fails with what it printed."""
    if not shutil.which(RUNNERS[language][0]):
        missing(f"no {RUNNERS[language][0]}: install it to run the examples in {language}")
    _key, secret = make_key(workspace=workspace, kind="secret", name="docs", scopes=SCOPES)
    _key, public = make_key(workspace=workspace, kind="write", name="docs")
    program = folder / f"examples.{SUFFIXES[language]}"
    program.write_text("\n".join(blocks(language)))
    done = subprocess.run(
        [*RUNNERS[language], str(program)],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ
        | {
            "TOUCHSTONE_URL": server.url,
            "TOUCHSTONE_KEY": secret,
            "TOUCHSTONE_WRITE_KEY": public,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        },
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_guides_examples_do_what_it_says(server: Server, tmp_path: Path) -> None:
    workspace = make.workspace()
    assert [len(blocks(language)) for language in RUNNERS] == [4, 5, 4]

    run_examples("sh", server, workspace, tmp_path)
    customer = Customer.objects.get(workspace=workspace, external_id="customer-42")
    assert (customer.name, customer.email, customer.traits["plan"]) == ("Ann Lee", "ann@example.org", "gold")
    assert Product.objects.get(sku="tent-1").name == "Two-person tent"
    names = Event.objects.filter(customer_id=customer.pk, type="track").values_list("name", flat=True)
    assert sorted(names) == ["Order Completed", "Product Viewed"]

    printed = run_examples("python", server, workspace, tmp_path)
    assert "send sent 1" in printed
    assert "/items/41/email" in printed
    assert Candidate.objects.get().customer_id == customer.pk

    run_examples("js", server, workspace, tmp_path)
    assert Consent.objects.get(customer=customer).state == "granted"
    assert (Guide.objects.get().status, Guide.objects.get().title) == ("published", "Choose a tent well")
    assert (Review.objects.get().is_verified, Review.objects.get().collected_by) == (True, "import")
