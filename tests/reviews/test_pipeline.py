"""What the steps before a moderator notice."""

from __future__ import annotations

import pytest

from reviews.pipeline import HOLD, TAG, Words, screen

STORY = "Wore them for three weeks on gravel and in the rain, and the left one squeaks on every stair."


def steps(body: str = STORY, **fields: object) -> list[tuple[str, str]]:
    return [(flag.step, flag.outcome) for flag in screen(Words(title="", body=body, **fields))]


@pytest.mark.parametrize(
    "body",
    [
        STORY,
        "Ran 42.195 km in 3:59 on 2026-03-01 and 1,234 km since. Paid 129.00 for it in 2025.",
        "Terrible. The worst shoe I ever wore, my knees hurt and I want my money back.",
        "Nothing beats the Strada Glide of another make, which I bought instead for 135 euros.",
        "10 out of 10, I'd buy 2 pairs. Sizes 38-42 fit, 3 mm lugs, 600 ml, size 10.5 (44).",
    ],
)
def test_honest_words_pass_whatever_they_say(body):
    assert steps(body) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Good shoe", ("length", TAG)),
        ("I WILL NEVER BUY THIS AGAIN BECAUSE IT FELL APART AFTER A WEEK", ("length", TAG)),
        ("Cheaper at https://spam.example/shoes for all of you people", ("links", HOLD)),
        ("Much cheaper at best-shoes.com for all of you people", ("links", HOLD)),
        ("Write to me at ada.l@example.org if you want to know more", ("personal_data", HOLD)),
        ("Ring me on +49 351 123 45 67 if you want to know more", ("personal_data", HOLD)),
        ("They owe me, DE89 3704 0044 0532 0130 00 is my account", ("personal_data", HOLD)),
        ("Looooooooooooooove these, really do love wearing them", ("repeated_text", TAG)),
    ],
)
def test_what_a_person_should_look_at_is_said_by_step(body, expected):
    assert expected in steps(body)


def test_a_copied_text_with_small_changes_is_held():
    copied = STORY.replace("three", "four").upper().lower()
    assert steps(copied, recent=(STORY,)) == [("repeated_text", HOLD)]


def test_a_different_text_about_the_same_is_not():
    other = "After three weeks on gravel I can say that mine are quiet and dry quickly."
    assert steps(other, recent=(STORY,)) == []


def test_blocked_words_count_as_whole_words_only():
    assert steps("What an ass of a shoe, I would not take it again", blocked_words=("ass",)) == [
        ("blocked_words", HOLD)
    ]
    assert steps("A classic that passes every test I could think of", blocked_words=("ass",)) == []


def test_hostile_texts_take_no_time():
    for text in (
        "a@" * 2500,
        "+" + "0 " * 2500,
        "www." * 1250,
        "A1" * 2500,
        "AA11 " + "A1B2 " * 900,
        "a-" * 2500,
    ):
        screen(Words(title="", body=text, recent=(text,)))


@pytest.mark.parametrize(
    ("today", "usual", "held"), [(9, 0.0, False), (10, 0.0, True), (50, 10.0, False), (51, 10.0, True)]
)
def test_many_more_than_usual_within_a_day_are_looked_at_one_by_one(today, usual, held):
    assert (("burst", HOLD) in steps(today=today, usual=usual)) is held
