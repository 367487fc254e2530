"""What friends see of a shortlist by its private link, and say of it: no account, no address, no script."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils import timezone, translation

from engagement.embed.doors import hosted, private, reading_language, render
from engagement.models import Workspace
from engagement.signing import BadToken
from journeys.embed.shortlists import TRAP
from journeys.links import FRIEND, SHARED, SHARED_FOR, friend_token, number_in
from journeys.models import ShortlistFriend, ShortlistLink
from journeys.shortlists import BadWord, hear_friend, open_link, table_of
from journeys.shortlists.sharing import Word

VOTES = {"for": 1, "against": -1}


@hosted("GET", "POST", limit=10)
def shared_page(request: HttpRequest, workspace: Workspace, token: str) -> HttpResponse:
    """GET shows the list and the form; POST keeps what a friend says. `me` lets them change it later."""
    language = reading_language(request, workspace)
    link = link_of(token, workspace)
    if link is None:
        ended = render("journeys/embed/expired.html", {"workspace": workspace}, language=language, status=410)
        return private(ended)
    friend = friend_of(request.GET.get("me", ""), link)
    problems: dict[str, str] = {}
    if request.method == "POST" and not request.POST.get(TRAP):
        with translation.override(language):
            try:
                friend = hear_friend(
                    link=link,
                    friend=friend,
                    name=request.POST.get("name", ""),
                    words=words_in(request.POST),
                    now=timezone.now(),
                )
                done = f"{request.path}?me={friend_token(friend)}&done=1&lang={language}"
                return private(HttpResponseRedirect(done, status=303))
            except BadWord as error:
                problems = {error.field: str(error)}
    page = render(
        "journeys/embed/shared.html",
        page_context(request, link, friend, problems) | {"workspace": workspace},
        language=language,
        status=422 if problems else 200,
    )
    return private(page)


def link_of(token: str, workspace: Workspace) -> ShortlistLink | None:
    """The link while it leads somewhere; None when it ended or was taken back. Http404 when it is none of ours."""
    try:
        number = number_in(SHARED, token, "l", max_age=SHARED_FOR)
    except BadToken as error:
        if error.expired:
            return None
        raise Http404 from error
    if not ShortlistLink.objects.filter(pk=number, workspace=workspace).exists():
        raise Http404
    return open_link(link_id=number, workspace_id=workspace.pk, now=timezone.now())


def friend_of(token: str, link: ShortlistLink) -> ShortlistFriend | None:
    """The friend who comes back by their own address; somebody new for any other."""
    try:
        number = number_in(FRIEND, token, "f", max_age=SHARED_FOR)
    except BadToken:
        return None
    return ShortlistFriend.objects.filter(pk=number, link=link, removed_at=None).first()


def words_in(data: QueryDict) -> dict[int, Word]:
    """Votes and comments as the form names them: `vote.<item>`, `comment.<item>`."""
    numbers = {name.partition(".")[2] for name in data if name.startswith(("vote.", "comment."))}
    return {
        int(number): Word(VOTES.get(data.get(f"vote.{number}", ""), 0), data.get(f"comment.{number}", ""))
        for number in numbers
        if number.isascii() and number.isdecimal() and len(number) < 19
    }


def page_context(
    request: HttpRequest, link: ShortlistLink, friend: ShortlistFriend | None, problems: dict[str, str]
) -> dict[str, object]:
    table = table_of(link.shortlist, with_situation=False)
    said = {word.item_id: Word(word.vote, word.comment) for word in friend.words.all()} if friend else {}
    if problems:
        said = words_in(request.POST)
    return {
        "need": link.shortlist.need,
        "table": table,
        "ballot": [(column, said.get(column.item.pk, Word(0))) for column in table.columns],
        "name": request.POST.get("name", friend.name if friend else ""),
        "is_done": request.GET.get("done") == "1",
        "ends": link.expires_at,
        "problems": problems,
        "trap": TRAP,
        "level": "h1",
        "sub": "h2",
    }
