"""A workspace with one reachable customer and one nudge: what most rules are tried on."""

from __future__ import annotations

import pytest

from engagement.models import Customer, Workspace
from nudges.models import Nudge
from tests import make, make_nudges
from tests.make_dashboard import Office


@pytest.fixture
def workspace(db: None) -> Workspace:
    return make.workspace()


@pytest.fixture
def customer(workspace: Workspace) -> Customer:
    return make.customer(workspace, email="ann@example.org")


@pytest.fixture
def nudge(workspace: Workspace) -> Nudge:
    return make_nudges.nudge(workspace)


@pytest.fixture
def office() -> Office:
    return Office().furnish()
