"""The program as it is served, on the clock that the test moves."""

import tests.races.shaken  # noqa: F401 - moves the clock
from config.wsgi import application

__all__ = ["application"]
