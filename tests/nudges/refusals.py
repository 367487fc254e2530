"""What refuses a row."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError


def refused(name: str) -> Any:
    """That the database refuses a row because of the constraint of that name."""
    return pytest.raises(IntegrityError, match=name)
