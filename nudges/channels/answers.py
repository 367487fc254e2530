"""What an HTTP answer of a provider means, where all providers mean the same by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from engagement.answers import retry_after
from nudges.channels import Outcome, Refused, Unknown

# Something between us and the provider gave up waiting for it.
MAYBE_TAKEN = (408, 502, 504)
# Nothing of the request can have left the house.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

# So many calls of one session may break off at one host; then it is left alone until the next, because a session that
# waits for a dead endpoint message after message would outlive its claims.
MOST_BROKEN = 2


class Patience:
    """How often each host has broken off in one session."""

    def __init__(self) -> None:
        self._broken: Counter[str] = Counter()

    def ask(self, url: str, call: Callable[[], Outcome]) -> Outcome:
        """The call's outcome, or a refusal for now without a call when its host has broken off too often."""
        host = urlsplit(url).netloc
        if self._broken[host] >= MOST_BROKEN:
            return Refused(f"{host} has just broken off {MOST_BROKEN} times", permanent=False)
        outcome = call()
        if isinstance(outcome, Unknown) or (
            isinstance(outcome, Refused) and outcome.error.startswith("ConnectTimeout")
        ):
            self._broken[host] += 1
        return outcome


def broken(error: httpx.HTTPError, *, is_provider: bool) -> Outcome:
    """The dialogue broke off. `is_provider`: whose fault it is, the provider's or one workspace's own endpoint's."""
    words = f"{type(error).__name__}: {error}"[:500]
    if isinstance(error, NEVER_SENT):
        return Refused(words, permanent=False, is_provider=is_provider)
    return Unknown(words, is_provider=is_provider)


def trouble(answer: httpx.Response, words: str, *, is_provider: bool) -> Outcome:
    """What a 4xx or 5xx means that the provider says nothing more exact about."""
    status = answer.status_code
    if status in MAYBE_TAKEN:
        return Unknown(words, is_provider=is_provider)
    if status == 429:
        return Refused(words, permanent=False, retry_after=retry_after(answer))
    if status >= 500:
        return Refused(words, permanent=False, is_provider=is_provider, retry_after=retry_after(answer))
    return Refused(words, permanent=True)
