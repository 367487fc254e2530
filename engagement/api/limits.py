"""How many requests a key of the REST API may make."""

from __future__ import annotations

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from engagement.api.problems import Problem
from engagement.limits import WINDOW_SECONDS, take_token
from engagement.models import ApiKey


class KeyLimit(BaseThrottle):
    """Takes one token of the key's bucket and leaves the rate on the request, for the answer's headers."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        key = request.auth
        if not isinstance(key, ApiKey):
            return True  # refused for want of a key in the next step
        rate = take_token(f"key:{key.pk}", settings.API_RATE_LIMIT)
        request.rate = rate  # type: ignore[attr-defined]
        if rate.allowed:
            return True
        raise Problem(
            429,
            "too_many_requests",
            f"At most {rate.size} requests in {WINDOW_SECONDS} s with one key; try again in {rate.wait_seconds} s.",
            headers={"Retry-After": str(rate.wait_seconds)},
        )
