"""Every test here sends by a provider that answers as it is told."""

from __future__ import annotations

from typing import Any

import pytest

from engagement.models import Workspace
from nudges.models import Nudge
from tests import make, make_messages
from tests.nudges.sending.scripted import Scripted, use


@pytest.fixture(autouse=True)
def scripted(settings: Any) -> type[Scripted]:
    Scripted.answers, Scripted.given, Scripted.known, Scripted.before = {}, [], {}, None
    use(settings, Scripted)
    return Scripted


@pytest.fixture
def shop() -> Workspace:
    return make.workspace(name="Shoe shop")


@pytest.fixture
def nudge(shop: Workspace) -> Nudge:
    return make_messages.nudge(shop)
