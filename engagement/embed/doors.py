"""What every embedded and hosted page shares: the workspace it belongs to, who may ask, and what the answer may do.

No session, no cookie, no login, so there is no authority in the browser that a forged request could borrow: a write
key is public, and a person is known only by a token that the shop's server signed. That is why CSRF tokens, which rest
on a cookie, are off here. Pages are rendered without the request, so nothing of the dashboard comes near them.

    @fragment   HTML for a page of the shop (or its server), by write key; readable from allowed origins only
    @posting    the same for what readers send, limited by address
    @hosted     a whole page of ours, by the workspace's slug; may be framed on allowed origins only
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import patch_vary_headers, set_response_etag
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from engagement.embed.previews import previewed
from engagement.embed.remembering import answer_or_304, keep
from engagement.embed.texts import refused_text
from engagement.keys import find_key
from engagement.limits import take_turn
from engagement.models import KeyKind, Workspace

View = Callable[..., HttpResponse]
# Fresh for a minute; for ten more a cache may answer at once and ask us behind the reader's back.
LARGEST_BODY = 34 * 1024 * 1024  # four photos and what is typed
SHOWN_FOR = "public, max-age=60, stale-while-revalidate=600"


def fragment(view: View) -> View:
    """GET for pages of the shop: `view(request, workspace, …)` returns HTML that caches may keep."""

    @wraps(view)
    @csrf_exempt
    @require_http_methods(["GET", "HEAD", "OPTIONS"])
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _settled(
            request,
            _for_the_shop(
                request,
                lambda workspace: _kept(refused_text(request) or view(request, workspace, *args, **kwargs)),
            ),
        )

    return answer


def posting(limit: int) -> Callable[[View], View]:
    """POST from pages of the shop and from hosted pages: at most `limit` a minute from one address."""

    def decorate(view: View) -> View:
        @wraps(view)
        @csrf_exempt
        @require_http_methods(["POST", "OPTIONS"])
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST" and (refused := refused_turn(request, view.__name__, limit)):
                return _for_the_shop(request, lambda workspace: refused)
            return _for_the_shop(
                request,
                lambda workspace: _unkept(refused_text(request) or view(request, workspace, *args, **kwargs)),
            )

        return answer

    return decorate


def hosted(*methods: str, limit: int = 10) -> Callable[[View], View]:
    """A page of ours under the slug of its workspace: `view(request, workspace, …)`. POSTs are limited by address."""

    def decorate(view: View) -> View:
        @wraps(view)
        @csrf_exempt
        @require_http_methods([*methods, "HEAD"])
        def answer(request: HttpRequest, workspace: str, *args: Any, **kwargs: Any) -> HttpResponse:
            owner = Workspace.objects.filter(slug=workspace).first()
            if owner is None:
                raise Http404
            try:
                if request.method == "POST":
                    refused = refused_turn(request, view.__name__, limit)
                    refused = refused or refused_text(request, *kwargs.values())
                    return _page(owner, _unkept(refused or view(request, owner, *args, **kwargs)))
                refused = refused_text(request, *kwargs.values())
                return _settled(
                    request, _page(owner, _kept(refused or view(request, owner, *args, **kwargs)))
                )
            except Http404:
                language = reading_language(request, owner)
                missing = render(
                    "engagement/embed/missing.html", {"workspace": owner}, language=language, status=404
                )
                return _page(owner, _unkept(missing))

        return answer

    return decorate


def refused_turn(request: HttpRequest, what: str, limit: int) -> HttpResponse | None:
    """429 for an address or a device that has sent too often, 413 for too much; None lets the request through."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > LARGEST_BODY:  # asked before the body is read
        return HttpResponse(_("Too large: send smaller photos."), status=413, content_type="text/plain")
    wait = take_turn(who=client_address(request), what=what, limit=limit)
    if not wait and (device := request.POST.get("anonymous_id", "")):
        wait = take_turn(who=device, what=f"{what}:device", limit=limit)
    if not wait:
        return None
    message = _("Too many at once from your address. Wait a minute, then send it again.")
    return HttpResponse(message, status=429, content_type="text/plain", headers={"Retry-After": str(wait)})


def client_address(request: HttpRequest) -> str:
    """Where the request came from; behind a proxy of ours, as that proxy saw it."""
    if settings.BEHIND_PROXY:
        return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def render(template: str, context: dict[str, Any], *, language: str, status: int = 200) -> HttpResponse:
    """HTML in a language that we speak, made without the request: no session and no user can get into it."""
    with translation.override(language):
        html = render_to_string(
            template, {**context, "language": language, "is_rtl": translation.get_language_bidi()}
        )
    return HttpResponse(html, status=status)


def private(response: HttpResponse) -> HttpResponse:
    """A page by a link that is somebody's own: nobody keeps or indexes it, or learns its address from a click."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def script_of(workspace: Workspace) -> dict[str, str]:
    """What a hosted page needs to load the script: a write key, if the workspace has one."""
    key = workspace.api_keys.filter(kind=KeyKind.WRITE, revoked_at=None).order_by("id").first()
    return {"write_key": key.public_key if key else ""}


def reading_language(request: HttpRequest, workspace: Workspace) -> str:
    """What the page was asked to speak (`lang`), as far as we speak it; else the workspace's language."""
    for wish in (request.GET.get("lang", ""), workspace.locale):
        try:
            return translation.get_supported_language_variant(wish[:16].lower().replace("_", "-"))
        except LookupError:
            continue
    return settings.LANGUAGE_CODE


def absolute(path: str) -> str:
    return f"{settings.BASE_URL}{path}"


def origin_of(url: str) -> str:
    """Scheme and host of an address, as browsers send it; empty when it has none."""
    parts = urlsplit(url)
    return (
        f"{parts.scheme}://{parts.netloc}".lower()
        if parts.scheme in ("http", "https") and parts.netloc
        else ""
    )


def _for_the_shop(request: HttpRequest, make: Callable[[Workspace], HttpResponse]) -> HttpResponse:
    """Find the workspace of the key, refuse origins that it doesn't allow, and let the allowed ones read the answer."""
    preview = previewed(request)
    workspace = preview or _workspace_of_key(request.GET.get("key", ""))
    if workspace is None:
        return _refused(404, "unknown_key: give the workspace's write key as ?key=wk_…")
    origin = request.headers.get("Origin", "")
    if preview is None and not _may_ask(origin, workspace):
        return _refused(
            403, f"origin_not_allowed: add {origin[:200]} under Settings, Embedding, allowed origins"
        )
    try:
        response = HttpResponse(status=204) if request.method == "OPTIONS" else make(workspace)
    except Http404:
        response = _refused(404, "not_found: nothing published here")
    _bare(response)
    if origin:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "content-type"
        response.headers["Access-Control-Max-Age"] = "7200"
    patch_vary_headers(response, ["Origin"])
    return response


def _workspace_of_key(text: str) -> Workspace | None:
    key = find_key(text)
    return key.workspace if key is not None and key.kind == KeyKind.WRITE else None


def _may_ask(origin: str, workspace: Workspace) -> bool:
    """No origin: the shop's server or the same page. Ours: a hosted page."""
    return not origin or origin.lower() in {
        *map(_trimmed, workspace.allowed_origins),
        origin_of(settings.BASE_URL),
    }


def _trimmed(origin: str) -> str:
    return origin.lower().rstrip("/")


def _refused(status: int, message: str) -> HttpResponse:
    response = HttpResponse(message, status=status, content_type="text/plain; charset=utf-8")
    patch_vary_headers(response, ["Origin"])
    return _bare(response)


def _page(workspace: Workspace, response: HttpResponse) -> HttpResponse:
    """A hosted page: nothing inline, nothing from elsewhere but pictures, framed by the shop only."""
    origins = " ".join(sorted({*map(_trimmed, workspace.allowed_origins)}))
    # No X-Frame-Options: frame-ancestors says it better.
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: {origins}; font-src 'self'; "
        f"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self' {origins}"
    )
    return _bare(response)


def _bare(response: HttpResponse) -> HttpResponse:
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if "Content-Security-Policy" not in response.headers:
        response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        response.headers["X-Frame-Options"] = "DENY"
    return response


def _kept(response: HttpResponse) -> HttpResponse:
    """Let caches keep a good answer."""
    if response.status_code != 200:
        return _unkept(response)
    response.headers.setdefault("Cache-Control", SHOWN_FOR)
    set_response_etag(response)
    return response


def _settled(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Remember what may be, and answer 304 to who has it already."""
    keep(request, response)
    return answer_or_304(request, response)


def _unkept(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response
