"""Answers that stand in a frame of our own pages: somebody else's HTML, which may show itself and do nothing."""

from __future__ import annotations

from django.http import HttpResponse


def only_framed(response: HttpResponse, **directives: list[str]) -> HttpResponse:
    """Let our own pages frame this answer, under a policy of its own: no scripts, no forms, no frames in it.

    `directives` are of the Content-Security-Policy, such as style_src=["'unsafe-inline'"].
    """
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    policy = {
        "default-src": ["'none'"],
        "script-src": ["'none'"],
        "form-action": ["'none'"],
        "frame-src": ["'none'"],
        "frame-ancestors": ["'self'"],
    }
    policy |= {name.replace("_", "-"): values for name, values in directives.items()}
    response._csp_replace = policy  # type: ignore[attr-defined]  # where django-csp's middleware looks
    return response
