"""The review form as it is sent: read into what the domain takes, and shown again with what was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from engagement.models import Product
from engagement.questions import Questions
from reviews.contents import MOST_POINTS, ReviewContent
from reviews.embed.fields import Choice, answer_fields, read_situation
from reviews.models import ReviewKind
from reviews.photographing import MOST

STARS = (5, 4, 3, 2, 1)
# Left empty by people, who cannot see it.
TRAP = "website"
SITUATION = "situation."
AGREED = "agreed"  # that sensitive answers are kept and shown


def read_content(data: QueryDict, questions: Questions, *, language: str) -> ReviewContent:
    """What was typed, bounded but not yet checked; figures that are no figures stay 0, which the check refuses."""
    return ReviewContent(
        kind=data.get("kind", ""),
        title=data.get("title", ""),
        body=data.get("body", ""),
        author_name=data.get("author_name", ""),
        pros=points(data.get("pros", "")),
        cons=points(data.get("cons", "")),
        overall=figure(data.get("overall", "")),
        quality=figure(data.get("quality", "")),
        value=figure(data.get("value", "")),
        fit=data.get("fit", ""),
        situation=read_situation(data, SITUATION, questions.attributes),
        language=language,
    )


def figure(text: str) -> int | None:
    if not text:
        return None
    return int(text) if text in {"1", "2", "3", "4", "5"} else 0


def points(text: str) -> tuple[str, ...]:
    """One a line; a few too many are kept, so that the check can say so."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())[: MOST_POINTS + 1]


def form_context(
    product: Product,
    questions: Questions,
    data: QueryDict,
    situation: Mapping[str, Any],
    problems: Mapping[str, str],
) -> dict[str, Any]:
    """What the form's template shows: fields with their choices, what was typed, what was wrong.

    It holds no figure of other people's: whoever writes must not be led by an average.
    """
    return {
        "product": product,
        "questions": questions,
        "data": data,
        "kept": data.getlist("keep") if "keeping" in data else None,
        "problems": problems,
        "summary": [(field_id(name), label(name, questions), message) for name, message in problems.items()],
        "kinds": [Choice(value, text, data.get("kind") == value) for value, text in kind_choices()],
        "overall": stars(data, "overall"),
        "quality": stars(data, "quality"),
        "value": stars(data, "value"),
        "fit": [Choice(option, option, data.get("fit") == option) for option in questions.fit_options],
        "situation": answer_fields(questions.attributes, situation, SITUATION, problems),
        "sensitive": [one.label for one in questions.attributes if one.is_sensitive],
        "slots": photo_slots(problems),
        "trap": TRAP,
    }


def photo_slots(problems: Mapping[str, str]) -> list[dict[str, Any]]:
    """Places for photos; without scripts nobody can add more."""
    return [{"number": n, "problem": problems.get(f"photo{n}", "")} for n in range(1, MOST + 1)]


def kind_choices() -> list[tuple[str, str]]:
    """Those who use it first: they are most."""
    first = [ReviewKind.FIRST_IMPRESSION, ReviewKind.IN_USE, ReviewKind.OVER_TIME, ReviewKind.CHANGED]
    order = [*first, *(kind for kind in ReviewKind if kind not in first)]
    return [(kind.value, str(kind.label)) for kind in order]


def stars(data: Mapping[str, Any], name: str) -> list[Choice]:
    return [
        Choice(str(n), _("%(stars)s of 5 stars") % {"stars": n}, data.get(name) == str(n))
        for n in reversed(STARS)
    ]


def field_id(name: str) -> str:
    return f"ts-{name.replace('.', '-')}"


def label(name: str, questions: Questions) -> str:
    """How a problem's field is called in the list above the form."""
    asked = {f"situation.{attribute.key}": attribute.label for attribute in questions.attributes}
    known = {
        "kind": _("When"),
        "overall": _("Stars"),
        "quality": _("Quality"),
        "value": _("Value for money"),
        "fit": questions.fit_question,
        "title": _("Headline"),
        "body": _("Your experience"),
        "pros": _("What is good"),
        "cons": _("What is not"),
        "author_name": _("Name"),
        "email": _("E-mail"),
        "appeal": _("Look at it once more"),
        AGREED: _("Agreement"),
        **{f"photo{n}": _("Photo %(n)s") % {"n": n} for n in range(1, MOST + 1)},
    }
    return known.get(name) or asked.get(name) or name
