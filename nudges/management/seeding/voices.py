"""What customers say beyond reviews: questions with answers, a survey, and a list that friends had a word on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.contrib.auth.models import User

from engagement.models import Customer, Product, Workspace
from engagement.people import find_customer
from journeys.models import Need, Survey
from journeys.shortlists import Outside, hear_friend, keep_item, set_must_haves, share_shortlist
from journeys.shortlists.sharing import Word
from journeys.surveys.answering import answer_survey
from journeys.surveys.asking import open_survey, save_survey
from nudges.management.seeding.ground import COLLEAGUES
from nudges.management.seeding.people import Person
from reviews.judging import publish_post
from reviews.talking import answer_as_company, answer_as_owner, ask_question

SHOE = "LF-TERN-2"
# Days ago, who asks, what; then who answers, what (nobody named: the company). The last one waits for a moderator.
QUESTIONS: list[tuple[int, str, str, list[tuple[str, str]]]] = [
    (
        19,
        "Aylin",
        "Does the toe box stay wide after the first 100 km?",
        [
            (
                "Mara",
                "After some 400 km mine is as wide as on the first day. The upper gets a little softer.",
            ),
            (
                "",
                "The last is 102 mm wide at the ball in EU 42, and does not change. The upper gives by 2 to 3 mm.",
            ),
        ],
    ),
    (
        11,
        "Björn",
        "Are they any good on gravel along a river?",
        [("Elin", "Fine gravel yes. Coarse stones you feel.")],
    ),
    (1, "Rosa", "Can the insole be taken out? I wear my own.", []),
]
THEMES = [
    {"name": "Delivery", "terms": ["delivery", "parcel", "late"]},
    {"name": "Advice", "terms": ["advice", "guide", "question"]},
]
ANSWERS = [
    (10, "The guide told me what to look for before I had seen a single shoe."),
    (9, "Good advice, and nobody pushed me."),
    (9, ""),
    (8, "Delivery took a day longer than it said."),
    (10, "You told me to repair the jacket and not to buy one. I will be back."),
    (7, "More about trail shoes for wide feet, please."),
    (6, "The parcel came late and the box was open."),
    (9, "Advice on the width was right."),
    (3, "Too many mails in the first week, then I found the switch."),
    (8, ""),
    (10, "I asked a question and somebody who owns it answered."),
]


def make_voices(
    workspace: Workspace, people: Mapping[str, Person], needs: Mapping[str, Need], *, now: datetime
) -> None:
    """`people` are the authors of reviews, by name."""
    known = {name: find_customer(workspace=workspace, external_id=one.id) for name, one in people.items()}
    authors = {name: customer for name, customer in known.items() if customer}
    moderator = User.objects.get(username=COLLEAGUES[1][0])
    make_questions(workspace, authors, moderator, now=now)
    make_survey(workspace, moderator, now=now)
    make_shortlist(authors["Aylin"], needs["running-shoes"], now=now)


def make_questions(
    workspace: Workspace, authors: Mapping[str, Customer], moderator: User, *, now: datetime
) -> None:
    product = Product.objects.select_related("workspace").get(workspace=workspace, sku=SHOE)
    for days, name, body, answers in QUESTIONS:
        at = now - timedelta(days=days)
        question = ask_question(
            product=product, customer=authors[name], body=body, author_name=name, language="en", situation={},
            need_slug="running-shoes", now=at,
        )  # fmt: skip
        if not answers:
            continue
        publish_post(workspace=workspace, post_id=question.pk, actor=moderator, now=at + timedelta(hours=3))
        for who, text in answers:
            then = at + timedelta(days=1)
            if not who:
                answer_as_company(
                    workspace=workspace, question_id=question.pk, body=text, actor=moderator, now=then
                )
                continue
            answer = answer_as_owner(
                question=question, customer=authors[who], body=text, author_name=who, language="en", now=then
            )
            publish_post(workspace=workspace, post_id=answer.pk, actor=moderator, now=then)


def make_survey(workspace: Workspace, writer: User, *, now: datetime) -> Survey:
    values = {"name": "How we do", "kind": "nps", "follow_up": "What made the difference?", "themes": THEMES}
    at = now - timedelta(days=20)
    survey = save_survey(workspace=workspace, values=values, actor=writer, now=at)
    survey = open_survey(survey=survey, actor=writer, now=at)
    customers = (
        Customer.objects.filter(workspace=workspace, merged_into=None).exclude(email="").order_by("id")
    )
    for n, (customer, (score, comment)) in enumerate(zip(customers[: len(ANSWERS)], ANSWERS, strict=True)):
        answer_survey(
            survey=survey, customer=customer, scores=[score], comment=comment, language="en",
            collected_by="link", now=at + timedelta(days=n, hours=5),
        )  # fmt: skip
    return survey


def make_shortlist(customer: Customer, need: Need, *, now: datetime) -> None:
    at = now - timedelta(days=3)
    shoe = Product.objects.get(workspace=customer.workspace_id, sku=SHOE)
    own = keep_item(customer=customer, need=need, what=shoe, note="Wide, they say.", now=at)
    other = Outside("Sola Glide", "https://www.example.org/sola-glide")
    theirs = keep_item(customer=customer, need=need, what=other, note="Lent one from Elin.", now=at)
    shortlist = set_must_haves(shortlist=own.shortlist, texts=["Room for my toes", "Under 150 euros"], now=at)
    link = share_shortlist(shortlist=shortlist, label="Elin", now=at)
    words = {
        own.pk: Word(1, "Mine are at 500 km. Take the wide ones."),
        theirs.pk: Word(-1, "Nice, but narrow at the front."),
    }
    hear_friend(link=link, friend=None, name="Elin", words=words, now=at + timedelta(hours=2))
