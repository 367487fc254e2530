"""Variants tried, changed and ended: versions rise, periods begin anew, history keeps what it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engagement.models import AuditEntry
from nudges.approving import approve_nudge
from nudges.composing import CannotChange, change_status
from nudges.models import Message, Nudge, NudgeContent
from nudges.sending import send_messages
from nudges.snippeting import save_snippet
from nudges.variants import key_of, tried
from nudges.varying import end_variants, equal_shares, free_key, save_variants
from nudges.writing import delete_content, save_content
from tests import make_contents, make_messages, make_nudges
from tests.make import NOW
from tests.make_dashboard import Office
from tests.nudges.sending.scripted import MINUTE, Scripted, message, use

pytestmark = pytest.mark.django_db
HALVES = [{"name": "Short", "share": 50}, {"name": "Long", "share": 50}]


@pytest.fixture
def nudge(workspace: Any) -> Nudge:
    return make_messages.nudge(workspace, words="The plain words")


def start(nudge: Nudge, variants: list[dict[str, Any]] = HALVES, now: Any = NOW) -> Nudge:
    return save_variants(nudge=nudge, variants=variants, actor=None, now=now)


def rows(nudge: Nudge, **shares: int) -> list[dict[str, Any]]:
    return [one._asdict() | {"share": shares.get(one.key, one.share)} for one in tried(nudge)]


def write(nudge: Nudge, variant: str, body: str, now: Any = NOW, **place: Any) -> NudgeContent:
    return save_content(
        nudge=nudge,
        **{"channel": "email", "language": "en"} | place,
        variant=variant,
        values={"subject": "S", "body": body},
        actor=None,
        now=now,
    )


class TestTrying:
    def test_it_is_another_version_and_is_compared_from_then_on(self, nudge: Nudge) -> None:
        held = start(nudge)
        assert [(one.key, one.name, one.share) for one in tried(held)] == [
            ("a", "Short", 50),
            ("b", "Long", 50),
        ]
        assert (held.version, held.compared_since) == (nudge.version + 1, NOW)
        assert AuditEntry.objects.get(action="change_variants").detail["variants"][1] == [
            "Short (a) 50 %",
            "Long (b) 50 %",
        ]

    def test_a_share_begins_another_period_and_a_name_does_not(self, nudge: Nudge) -> None:
        held = start(nudge)
        held = start(held, [row | {"name": f"{row['name']}er"} for row in rows(held)], NOW + MINUTE)
        assert (held.version, held.compared_since) == (3, NOW)
        held = start(held, rows(held, a=60, b=40), NOW + 2 * MINUTE)
        assert (held.version, held.compared_since) == (4, NOW + 2 * MINUTE)
        assert start(held, rows(held), NOW + 3 * MINUTE).version == 4  # nothing changed

    @pytest.mark.parametrize("variant", ["", "b"])
    def test_words_begin_another_period_too(self, nudge: Nudge, variant: str) -> None:
        start(nudge)
        content = write(nudge, variant, "Others", NOW + MINUTE)
        nudge.refresh_from_db()
        assert (nudge.version, nudge.compared_since) == (3, NOW + MINUTE)
        write(nudge, variant, "Others", NOW + 2 * MINUTE)
        if variant:
            delete_content(content=content, actor=None, now=NOW + 3 * MINUTE)
        nudge.refresh_from_db()
        assert nudge.compared_since == NOW + (3 if variant else 1) * MINUTE

    def test_so_does_a_snippet_that_they_name(self, nudge: Nudge) -> None:
        snippet = make_contents.snippet(nudge.workspace, "bye", en="Bye")
        start(nudge)
        write(nudge, "b", '{% snippet "bye" %}')
        texts = {"en": "Farewell"}
        save_snippet(
            workspace=nudge.workspace, snippet=snippet, name="Bye", texts=texts, actor=None, now=NOW + MINUTE
        )
        nudge.refresh_from_db()
        assert nudge.compared_since == NOW + MINUTE

    @pytest.mark.parametrize(
        ("variants", "said"),
        [
            (HALVES[:1], "2 to 4"),
            ([{"share": 20}] * 5, "2 to 4"),
            ([{"share": 50}, {"share": 49}], "100 together"),
            ([{"share": 100}, {"share": 0}], "100 together"),
            ([{"name": "X", "share": 50}] * 2, "name of its own"),
            ([{"key": "a", "share": 50}, {"key": "a", "name": "Y", "share": 50}], "name of its own"),
            ([{"key": "A b", "share": 50}, {"share": 50}], "can't be a key"),
        ],
    )
    def test_what_can_t_be_tried(self, nudge: Nudge, variants: list[dict[str, Any]], said: str) -> None:
        with pytest.raises(CannotChange, match=said):
            start(nudge, variants)
        nudge.refresh_from_db()
        assert nudge.variants == []

    def test_one_that_leaves_takes_its_words_along_and_its_key_never_comes_back(self, nudge: Nudge) -> None:
        held = start(
            nudge, [{"name": name, "share": share} for name, share in zip("xyz", (34, 33, 33), strict=True)]
        )
        write(held, "a", "Of a")
        write(held, "b", "Of b")
        left = [row | {"share": 50} for row in rows(held) if row["key"] != "a"]
        held = start(held, left)
        assert sorted(held.contents.values_list("variant", "body")) == [
            ("", "The plain words"),
            ("b", "Of b"),
        ]
        with pytest.raises(CannotChange, match="can't be a key"):
            start(held, [{"key": "a", "share": 50}, {"key": "b", "share": 50}])
        assert free_key(held) == "d"

    def test_an_active_nudge_keeps_words_for_everybody(self, nudge: Nudge) -> None:
        held = start(nudge)
        plain = nudge.contents.get()
        own = write(held, "a", "Of a")
        with pytest.raises(CannotChange, match="needs words"):
            delete_content(content=plain, actor=None, now=NOW)
        write(held, "b", "Of b")
        delete_content(content=nudge.contents.get(variant=""), actor=None, now=NOW)
        with pytest.raises(CannotChange, match="needs words"):
            delete_content(content=own, actor=None, now=NOW)
        with pytest.raises(CannotChange, match="plain words"):
            start(held, [{"key": "a", "share": 50}, {"key": "c", "share": 50}])
        with pytest.raises(CannotChange, match="needs words"):
            end_variants(nudge=held, key="", actor=None, now=NOW)

    def test_an_archived_nudge_stays_as_it_is(self, nudge: Nudge) -> None:
        change_status(nudge=nudge, status="archived", actor=None, now=NOW)
        with pytest.raises(CannotChange, match="archived"):
            start(nudge)

    def test_words_of_no_variant_are_refused(self, nudge: Nudge) -> None:
        with pytest.raises(CannotChange, match="no such variant"):
            write(nudge, "b", "Of b")


def test_what_was_approved_is_approved_no_more(office: Office) -> None:
    make_nudges.policy(office.workspace, approval_above=0)
    Nudge.objects.filter(pk=office.nudge.pk).update(audience=5)

    def waits_after(change: Callable[[Nudge], Nudge]) -> bool:
        now, member = Nudge.objects.get(pk=office.nudge.pk), office.members["owner"]
        approve_nudge(nudge=now, version=now.version, member=member, now=NOW)
        assert not Nudge.objects.get(pk=now.pk).awaits_approval
        return Nudge.objects.get(pk=change(now).pk).awaits_approval

    assert waits_after(start)
    assert waits_after(lambda nudge: start(nudge, rows(nudge, a=60, b=40)))
    assert waits_after(lambda nudge: end_variants(nudge=nudge, key="a", actor=None, now=NOW))


class TestEnding:
    def test_the_words_of_one_are_everybodys_and_history_keeps_its_variants(self, nudge: Nudge) -> None:
        held = start(nudge)
        write(held, "b", "Of b")
        write(held, "b", "Von b", language="de")
        write(held, "a", "Of a")
        held = end_variants(nudge=held, key="b", actor=None, now=NOW + MINUTE)
        assert sorted(held.contents.values_list("variant", "language", "body")) == [
            ("", "de", "Von b"),
            ("", "en", "Of b"),
        ]
        assert tried(held) == []
        assert [(row["key"], row.get("won")) for row in held.variants] == [("a", None), ("b", True)]
        assert held.compared_since == NOW  # the last comparison can still be read
        assert AuditEntry.objects.get(action="end_variants").detail["everybody"] == "b"
        again = start(held)
        assert [(one.key, one.test) for one in tried(again)] == [("c", 2), ("d", 2)]

    def test_or_the_plain_ones(self, nudge: Nudge) -> None:
        held = start(nudge)
        write(held, "a", "Of a")
        end_variants(nudge=held, key="", actor=None, now=NOW)
        assert nudge.contents.get().body == "The plain words"

    @pytest.mark.parametrize("key", ["x", ""])
    def test_what_is_not_tried_can_t_be_ended(self, nudge: Nudge, key: str) -> None:
        with pytest.raises(CannotChange, match="no such variant"):
            end_variants(nudge=nudge, key=key, actor=None, now=NOW)


def test_shares_are_as_equal_as_can_be() -> None:
    assert [equal_shares(n) for n in (2, 3, 4)] == [[50, 50], [34, 33, 33], [25, 25, 25, 25]]


class TestSending:
    @pytest.fixture(autouse=True)
    def scripted(self, settings: Any) -> type[Scripted]:
        Scripted.answers, Scripted.given, Scripted.known, Scripted.before = {}, [], {}, None
        use(settings, Scripted)
        return Scripted

    def test_each_gets_the_words_of_their_variant_and_the_message_keeps_which(self, nudge: Nudge) -> None:
        held = start(nudge, rows(start(nudge), a=30, b=70))
        write(held, "b", "Of b")
        for n in range(12):
            message(nudge, f"p{n}")
        assert send_messages(now=NOW)["sent"] == 12
        told = list(Message.objects.values_list("customer_id", "variant", "variant_chance", "text"))
        texts = {"a": ("a", 30, "The plain words"), "b": ("b", 70, "Of b")}
        assert {one[1] for one in told} == {"a", "b"}
        for customer_id, *kept in told:
            assert tuple(kept) == texts[key_of(held, customer_id)]

    def test_without_variants_nothing_is_kept(self, nudge: Nudge) -> None:
        message(nudge)
        send_messages(now=NOW)
        assert Message.objects.values_list("variant", "variant_chance").get() == ("", None)

    def test_words_that_end_or_fail_leave_the_variant_on_their_message(self, nudge: Nudge) -> None:
        """Braze counted those whom their variant's words passed over in the control only."""
        held = start(nudge)
        write(held, "a", "{% abort 'no' %}")
        write(held, "b", "{{ nothing.known }}")
        made = [message(nudge, f"p{n}") for n in range(8)]
        counts = send_messages(now=NOW)
        assert counts["cancelled"] + counts["failed"] == 8
        for one in made:
            one.refresh_from_db()
            assert one.variant == key_of(held, one.customer_id)
            assert one.variant_chance == 50
            assert one.state == ("cancelled" if one.variant == "a" else "failed")
