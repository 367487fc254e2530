"""A workspace whose own program is a real server on loopback, over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engagement.models import Endpoint, Workspace
from tests import make
from tests.https_peer import Peer, https_peer
from tests.make_webhooks import endpoint


@pytest.fixture
def workspace() -> Workspace:
    return make.workspace()


@pytest.fixture
def program(settings: Any) -> Iterator[Peer]:
    with https_peer(settings) as peer:
        yield peer


@pytest.fixture
def told(workspace: Workspace, program: Peer) -> Endpoint:
    """The workspace's endpoint at that program; it is told of everything."""
    return endpoint(workspace, f"{program.url}/hooks")
