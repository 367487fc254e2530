"""What the sentences of reasons are made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Decided(Protocol):
    """What a sentence needs of a decision: `nudges.models.Decision`, or a row of a simulation."""

    @property
    def rule(self) -> str: ...
    @property
    def limit(self) -> int | None: ...
    @property
    def count(self) -> int | None: ...
    @property
    def allowed_at(self) -> datetime | None: ...
    @property
    def stage(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def winner_id(self) -> int | None: ...


def plain(text: StrOrPromise) -> Callable[[Decided], str]:
    """A sentence that is the same whatever the decision."""
    return lambda decision: str(text)
