"""The customer's own shortlist: in the shop's pages, and as a page by a link of theirs that needs no script."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.urls import reverse
from django.utils import timezone, translation

from engagement.embed.doors import hosted, posting, private, reading_language, render
from engagement.embed.readers import keeper_of, reader_of
from engagement.models import Customer, Workspace
from engagement.people.visitors import visitor_of
from engagement.signing import BadToken
from journeys.embed.shortlist_actions import Owner, act, find_product
from journeys.embed.situations import find_need, is_named
from journeys.links import (
    SHORTLIST,
    SHORTLIST_FOR,
    customer_of_link,
    number_in,
    shared_url,
    shortlist_url,
    situation_url,
)
from journeys.models import Need, Shortlist, ShortlistItem
from journeys.questions import need_for
from journeys.shortlists import BadItem, criteria_of, keep_item, table_of
from journeys.shortlists.records import records_of

# Left empty by people, who cannot see it.
TRAP = "website"


@posting(limit=120)
def shortlist_fragment(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """`need` (slug, else the need touched last); with `do` something is changed before it is shown."""
    now, is_change = timezone.now(), "do" in request.POST
    customer = keeper_of(reader_of(request, workspace, now=now), workspace, now=now if is_change else None)
    need = wanted_need(request, workspace, customer)
    language = reading_language(request, workspace)
    if customer is None:
        if is_change:
            raise Http404
        start = reverse("journeys_embed:shortlist_start", kwargs={"workspace": workspace.slug})
        context = {
            "need": need,
            "start": f"{start}?{urlencode({'need': need.slug})}",
            "may_keep": is_named(request),
        }
        return render("journeys/embed/_no_shortlist.html", context, language=language)
    owner = Owner(customer, need)
    problems = act(request.POST, owner, language) if is_change else {}
    context = context_of(owner, request.POST, problems, language)
    context["action"] = f"{reverse('journeys_embed:shortlist_fragment')}?lang={language}"
    return render(
        "journeys/embed/_shortlist.html", context, language=language, status=422 if problems else 200
    )


@posting(limit=120)
def keep_fragment(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """The button on a product's page: `product` (SKU); with `do=keep` it is kept."""
    product = find_product(workspace, request.POST.get("product", ""))
    need = need_for(product)
    if need is None:
        raise Http404
    now, is_change = timezone.now(), request.POST.get("do") == "keep"
    customer = keeper_of(reader_of(request, workspace, now=now), workspace, now=now if is_change else None)
    language = reading_language(request, workspace)
    problem = ""
    if customer is not None and is_change:
        with translation.override(language):
            try:
                keep_item(customer=customer, need=need, what=product, now=now)
            except BadItem as error:
                problem = str(error)
    start = reverse("journeys_embed:shortlist_start", kwargs={"workspace": workspace.slug})
    listed = (
        ShortlistItem.objects.filter(shortlist__customer=customer, shortlist__need=need) if customer else None
    )
    context = {
        "product": product,
        "is_listed": listed is not None and listed.filter(product=product).exists(),
        "count": listed.count() if listed is not None else 0,
        "may_keep": customer is not None or (is_named(request) and not is_change),
        "list_url": shortlist_url(customer, need) if customer else "",
        "start": f"{start}?{urlencode({'product': product.sku})}",
        "action": f"{reverse('journeys_embed:keep_fragment')}?lang={language}",
        "problem": problem,
    }  # fmt: skip
    return render("journeys/embed/_keep.html", context, language=language, status=422 if problem else 200)


@hosted("GET", "POST", limit=10)
def shortlist_start(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """For who is nobody here: `product` or `need` says what for. A POST begins a list behind a link of its own."""
    product = find_product(workspace, request.GET["product"]) if request.GET.get("product") else None
    need = need_for(product) if product else find_need(workspace, request.GET.get("need", ""))
    if need is None:
        raise Http404
    language = reading_language(request, workspace)
    if request.method != "POST":
        context = {"workspace": workspace, "need": need, "product": product, "trap": TRAP}
        return render("journeys/embed/shortlist_start.html", context, language=language)
    if request.POST.get(TRAP):
        raise Http404
    now = timezone.now()
    customer = visitor_of(workspace=workspace, anonymous_id=f"link-{secrets.token_hex(16)}", now=now)
    if product is not None:
        keep_item(customer=customer, need=need, what=product, now=now)
    return private(HttpResponseRedirect(f"{shortlist_url(customer, need)}?lang={language}", status=303))


@hosted("GET", "POST", limit=60)
def shortlist_page(request: HttpRequest, workspace: Workspace, token: str) -> HttpResponse:
    """The whole shortlist by its owner's link."""
    language = reading_language(request, workspace)
    try:
        customer = customer_of_link(SHORTLIST, token, workspace=workspace, max_age=SHORTLIST_FOR)
        need_id = number_in(SHORTLIST, token, "n", max_age=SHORTLIST_FOR)
    except BadToken as error:
        if not error.expired:
            raise Http404 from error
        expired = render(
            "journeys/embed/expired.html", {"workspace": workspace}, language=language, status=410
        )
        return private(expired)
    need = Need.objects.select_related("workspace").filter(pk=need_id, workspace=workspace).first()
    if need is None:
        raise Http404
    owner = Owner(customer, need)
    if request.method == "GET" and "take" in request.GET:
        return private(take_along(owner))
    problems: dict[str, str] = {}
    if request.method == "POST":
        problems = act(request.POST, owner, language)
        if not problems:
            return private(HttpResponseRedirect(f"{request.path}?lang={language}", status=303))
    context = context_of(owner, request.POST, problems, language)
    context |= {"workspace": workspace, "page": True, "level": "h1", "sub": "h2"}
    page = render(
        "journeys/embed/shortlist.html", context, language=language, status=422 if problems else 200
    )
    return private(page)


def take_along(owner: Owner) -> HttpResponse:
    """The owner's list as a file, with what friends said to them."""
    records = [one for one in records_of(owner.customer) if one["need"] == owner.need.slug]
    answer = JsonResponse({"shortlists": records}, json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="shortlist-{owner.need.slug}.json"'
    return answer


def wanted_need(request: HttpRequest, workspace: Workspace, customer: Customer | None) -> Need:
    """The need asked for; else that of the shortlist touched last. Http404 when there is none."""
    if slug := request.POST.get("need", ""):
        need = find_need(workspace, slug)
    else:
        last = (
            Shortlist.objects.filter(customer=customer, workspace=workspace).order_by("-updated_at").first()
        )
        if customer is None or last is None:
            raise Http404
        need = last.need
    need.workspace = workspace
    return need


def context_of(owner: Owner, data: QueryDict, problems: dict[str, str], language: str) -> dict[str, Any]:
    """What the list's template shows; a customer who keeps nothing yet sees an empty one, and nothing is made."""
    customer, need = owner
    shortlist = Shortlist.objects.select_related("customer", "need", "workspace").filter(
        customer=customer, need=need
    )
    found = shortlist.first() or Shortlist(customer=customer, need=need, workspace=need.workspace)
    now = timezone.now()
    links = found.links.filter(revoked_at=None, expires_at__gt=now) if found.pk else []
    for link in links:
        link.shortlist = found
    with translation.override(language):
        table = table_of(found) if found.pk else None
    named = {row["text"] for row in found.must_haves}
    return {
        "need": need,
        "table": table,
        "must_haves": "\n".join(row["text"] for row in found.must_haves),
        "suggestions": [text for text in criteria_of(need, language=language) if text not in named],
        "links": [(link, shared_url(link)) for link in links],
        "list_url": shortlist_url(customer, need),
        "situation_url": situation_url(customer) if need.context_attributes else "",
        "problems": problems,
        "typed": data if problems else {},
    }
