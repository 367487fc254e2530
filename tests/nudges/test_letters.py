"""Letters of blocks: MJML checked strictly and laid out once, words for who reads none, snippets and guides in them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.core.files.storage import default_storage
from django.test import Client

from journeys.guides import publish_guide
from nudges.composing import CannotChange
from nudges.models import Decision, Message, Nudge, NudgeContent, Picture, Snippet, SnippetVersion
from nudges.picturing import delete_picture
from nudges.sending import send_messages
from nudges.snippeting import delete_snippet, save_snippet
from nudges.wording.blocks import check_blocks, fill_blocks, tidy
from nudges.wording.letters import Letter, Shape, laid_out, preview_links
from nudges.wording.mjml import lint
from nudges.wording.placeholders import Marking
from nudges.wording.previews import in_scheme, preview
from nudges.wording.vocabularies import placeholders_of
from nudges.writing import save_content
from tests import make, make_contents, make_dashboard, make_messages
from tests.make import NOW
from tests.make_dashboard import Office

VALUES = {
    "customer": {"name": "Ana <b> & *Co*"},
    "product": {"url": "javascript:alert(1)"},
    "products": [
        {"name": "Tent & [x]", "price": "5 €", "url": "https://e.org/t", "image_url": "https://e.org/i.png"},
        {"name": "Bag"},
    ],
}


def written(*blocks: dict[str, str], **values: Any) -> Letter:
    """A letter of these blocks for one customer."""
    data = VALUES | values
    marking = Marking(data)
    marked = fill_blocks(blocks, marking, data["products"])
    fields = {"subject": "S", "blocks": marked, "is_letter": True, "language": "en"}
    layout = laid_out(Shape(**dict.fromkeys(Shape._fields, "") | fields))  # type: ignore[arg-type]
    return layout.filled(marking.given, link="", link_label="", links=preview_links())


class TestDrawn:
    def test_each_kind_stands_in_the_letter_and_in_its_plain_text(self) -> None:
        letter = written(
            {"kind": "heading", "text": "Hi {{ customer.name }}"},
            {"kind": "text", "markdown": "Look **closely**."},
            {"kind": "picture", "src": "/m/pictures/a.jpg", "alt": 'A "tent"'},
            {"kind": "products", "count": "5", "label": "See it"},
            {"kind": "guide", "guide": "1", "title": "What to look for", "url": "https://e.org/g"},
            {"kind": "divider"},
            {"kind": "button", "label": "Go", "url": "https://e.org/?a={{ customer.name }}"},
        )
        assert "Hi Ana &lt;b&gt; &amp; *Co*</h2>" in letter.html
        assert "<strong>closely</strong>" in letter.html
        assert 'alt="A &quot;tent&quot;"' in letter.html
        assert "/m/pictures/a.jpg" in letter.html
        assert letter.html.count("See it") == 1, "only one of the two products has a page"
        assert 'href="https://e.org/?a=Ana%20%3Cb%3E%20&amp;%20*Co*"' in letter.html
        assert letter.text.startswith("Hi Ana <b> & *Co*\n\nLook closely.")
        assert "Tent & [x] (https://e.org/t) 5 €\n\nBag\n\n" in letter.text
        assert "What to look for (https://e.org/g)" in letter.text

    def test_a_value_leads_nowhere_but_where_the_marketer_meant_and_html_is_clean(self) -> None:
        letter = written(
            {"kind": "button", "label": "Go", "url": "{{ product.url }}"},
            {"kind": "text", "markdown": "<script>x</script>[a](javascript:x)"},
            {
                "kind": "mjml",
                "source": '<mj-section><mj-column><mj-text><b onclick="x">Own</b><script>y</script></mj-text>'
                '<mj-image src="{{ product.url }}" /></mj-column></mj-section>',
            },
        )
        assert "javascript:alert" not in letter.html
        assert "<script" not in letter.html
        assert "onclick" not in letter.html
        assert "<b>Own</b>" in letter.html

    def test_what_comes_out_empty_is_left_out(self) -> None:
        said = "{% if customer.gold %}Gold{% endif %}"
        letter = written({"kind": "heading", "text": said}, {"kind": "text", "markdown": "Words"})
        assert "<h2" not in letter.html
        assert letter.body_text == "Words"
        assert written({"kind": "products", "count": "3"}, products=[]).body_text == ""

    def test_it_is_laid_out_once_for_all_who_read_the_same(self) -> None:
        laid_out.cache_clear()
        for name in ("Ana", "Bo", "Cy"):
            assert f"Hi {name}" in written({"kind": "heading", "text": "Hi {{ n }}"}, n=name).html
        assert laid_out.cache_info().misses == 1

    def test_every_letter_has_the_four_answers_and_a_way_out_and_fetches_nothing(self) -> None:
        own = (
            '<mj-section><mj-column><mj-text font-family="Ubuntu, Lato">x</mj-text></mj-column></mj-section>'
        )
        letter = written({"kind": "text", "markdown": "Words"}, {"kind": "mjml", "source": own})
        assert letter.html.count('href="#"') == 6
        assert "Unsubscribe" in letter.html
        assert "<link" not in letter.html
        assert "@import" not in letter.html
        assert "googleapis" not in letter.html
        assert len(letter.html.encode()) < 20_000

    def test_it_is_seen_as_on_either_screen(self) -> None:
        html = written({"kind": "text", "markdown": "Words"}).html
        assert "@media (prefers-color-scheme: dark)" in html
        assert "@media all" in in_scheme(html, "dark")
        assert "@media not all" in in_scheme(html, "light")


class TestChecked:
    @pytest.mark.parametrize(
        ("source", "problem"),
        [
            ("<mj-section>\n <mj-colunm />\n</mj-section>", "Line 2, place 2: <mj-colunm> is unknown; did you mean"),
            ("<mj-text>x</mj-text>", "Line 1, place 1: <mj-text> stands in <mj-column>, <mj-hero> only."),
            ('<mj-section colour="red" />', "colour=… is unknown"),
            ('<mj-section background-color="{{ x }}" />', "a placeholder cannot stand in background-color"),
            ("<mj-section><mj-column><mj-image src='x' /></mj-column></mj-section>", "place 24: write attributes as"),
            ('<mj-section background-url="javascript:x" />', "write an address in background-url"),
            ('<mj-include path="/etc/passwd" />', "<mj-include> is unknown"),
            ("<mj-raw>x</mj-raw>", "<mj-raw> is unknown"),
            ("<mj-section>", "the markup cannot be read: mismatched tag"),
            ("<mj-section>x</mj-section>", "words stand in <mj-text>"),
            ("<!DOCTYPE x><mj-section />", "the markup cannot be read"),
        ],
    )  # fmt: skip
    def test_wrong_mjml_is_told_with_its_place(self, source: str, problem: str) -> None:
        assert problem in " ".join(lint(source))

    def test_right_mjml_with_loose_html_and_placeholders_passes(self) -> None:
        source = (
            '<mj-wrapper padding="0"><mj-section>\n<mj-column width="50%"><mj-text color="#111">a<br>'
            '{{ a | default: "<b>" }}</mj-text>{% if x %}<mj-button href="{{ url }}">Go</mj-button>{% endif %}'
            "</mj-column></mj-section></mj-wrapper>"
        )
        assert lint(source) == []

    @pytest.mark.parametrize(
        ("block", "problem"),
        [
            ("x", "no such kind"),
            ({"kind": "poem"}, "no such kind"),
            ({"kind": "button", "label": "Go"}, "“url” is missing"),
            ({"kind": "button", "label": "Go", "url": "javascript:x"}, "begins with https://"),
            ({"kind": "heading", "text": "x" * 201}, "at most 200"),
            ({"kind": "heading", "text": "{{ x"}, "cannot be read"),
            ({"kind": "heading", "text": "x", "size": "9"}, "no field “size”"),
            ({"kind": "heading", "text": 5}, "Write a text"),
            ({"kind": "products", "count": "6"}, "from 1 to 5"),
        ],
    )
    def test_a_block_that_cannot_be_kept_is_named(self, block: Any, problem: str) -> None:
        [found] = check_blocks([{"kind": "divider"}, block])
        assert found.block == 1
        assert str(found).startswith("Block 2: ")
        assert problem in str(found)

    def test_sound_blocks_are_kept_without_what_is_empty(self) -> None:
        assert tidy([{"url": " https://e.org ", "alt": "", "kind": "picture", "src": "https://e.org/i"}]) == [
            {"kind": "picture", "src": "https://e.org/i", "url": "https://e.org"}
        ]


@pytest.fixture
def office() -> Office:
    return Office().furnish()


def write(nudge: Nudge, **words: Any) -> NudgeContent:
    values = {"subject": "S", "body": ""} | words
    return save_content(nudge=nudge, channel="email", language="en", values=values, actor=None, now=NOW)


def read(nudge: Nudge, office: Office) -> str:
    """The plain words of a nudge, as the office's customer gets them."""
    found = preview(nudge=Nudge.objects.get(pk=nudge.pk), customer=office.customer, channel="email", now=NOW)
    assert found.rendered, found.problem
    return found.rendered.body_text


@pytest.mark.django_db
class TestShared:
    def test_a_snippet_changes_everywhere_by_versions(self, office: Office) -> None:
        snippet = make_contents.snippet(office.workspace, "bye", en="Bye, **Ada**", de="Tschüs")
        write(office.nudge, blocks=[{"kind": "snippet", "slug": "bye"}])
        assert read(office.nudge, office) == "Bye, Ada"
        write(office.nudge, body='Hello. {% snippet "bye" %}')
        assert read(office.nudge, office) == "Hello. Bye, Ada"
        version = Nudge.objects.get(pk=office.nudge.pk).version
        save_snippet(
            workspace=office.workspace,
            snippet=snippet,
            name="bye",
            texts={"en": "So long"},
            actor=None,
            now=NOW,
        )
        assert read(office.nudge, office) == "Hello. So long"
        assert Nudge.objects.get(pk=office.nudge.pk).version == version + 1
        assert list(SnippetVersion.objects.filter(snippet=snippet).values_list("number", flat=True)) == [1, 2]

    def test_a_snippet_in_use_stays_and_one_that_is_not_there_is_named(self, office: Office) -> None:
        snippet = make_contents.snippet(office.workspace, "bye")
        make_contents.snippet(make.workspace(), "theirs")
        for body in ('{% snippet "theirs" %}', '{% snippet "none" %}'):
            with pytest.raises(CannotChange, match="There is no snippet"):
                write(office.nudge, body=body)
        write(office.nudge, body='{% snippet "bye" %}')
        with pytest.raises(CannotChange, match="in use"):
            delete_snippet(snippet=snippet, actor=None, now=NOW)
        write(office.nudge, body="No more")
        delete_snippet(snippet=snippet, actor=None, now=NOW)
        assert not Snippet.objects.filter(slug="bye").exists()

    def test_a_guide_is_linked_as_readers_see_it_and_another_workspaces_is_not(self, office: Office) -> None:
        guide = publish_guide(guide=office.guide, actor=None, now=NOW)
        write(office.nudge, blocks=[{"kind": "guide", "guide": str(guide.pk)}])
        assert f"/e/guide/{office.workspace.slug}/{guide.slug}/" in read(office.nudge, office)
        with pytest.raises(CannotChange, match="no such guide"):
            write(
                office.nudge,
                blocks=[{"kind": "guide", "guide": str(make_dashboard.guide(Office().furnish()).pk)}],
            )

    def test_the_customers_language_chooses_the_snippets(self, office: Office) -> None:
        make_contents.snippet(office.workspace, "bye", en="Bye", de="Tschüs")
        save_content(
            nudge=office.nudge, channel="email", language="de", values={"subject": "S", "body": '{% snippet "bye" %}'},
            actor=None, now=NOW,
        )  # fmt: skip
        office.customer.locale = "de-AT"
        office.customer.save()
        assert read(office.nudge, office) == "Tschüs"

    def test_what_is_known_is_offered(self, office: Office) -> None:
        office.customer.traits = {"plan": "gold", "odd name": 1}
        office.customer.save()
        names = [name for name, _words in placeholders_of(office.workspace)]
        assert {"customer.name", "product.price", "customer.traits.plan"} <= set(names)
        assert "customer.traits.odd name" not in names


@pytest.mark.django_db
def test_words_that_end_themselves_cancel_the_message_and_the_ledger_says_why(
    office: Office, settings: Any
) -> None:
    settings.CHANNELS = {"inbox": "nudges.channels.inbox.InboxChannel"}
    nudge = make_messages.nudge(office.workspace, words="{% abort 'no tent to show' %}", channels=["inbox"])
    message = make_messages.message(nudge, office.customer, channel="inbox")
    assert send_messages(now=NOW)["cancelled"] == 1
    decision = Decision.objects.get(candidate=message.candidate)
    assert (decision.outcome, decision.reason, decision.rule) == (
        "suppress",
        "aborted",
        "words:no tent to show",
    )
    assert Message.objects.get(pk=message.pk).state == "cancelled"


@pytest.mark.django_db
class TestPages:
    def form(self, **fields: str) -> dict[str, str]:
        return {
            "channel": "email",
            "language": "en",
            "subject": "S",
            "form": "blocks",
            "blocks": "[]",
        } | fields

    def test_blocks_are_saved_shown_and_turned_back_into_text(self, office: Office) -> None:
        client, path = office.enter("marketer"), f"/nudges/{office.nudge.pk}/words"
        blocks = (
            '[{"kind": "heading", "text": "Hi"}, {"kind": "button", "label": "Go", "url": "https://e.org"}]'
        )
        assert client.post(path, self.form(blocks=blocks)).status_code == 302
        assert office.nudge.contents.get().blocks[1]["url"] == "https://e.org"
        assert "data-letter-editor" in client.get(path).content.decode()
        assert "## Hi" in client.get(f"{path}?form=text").content.decode()
        page = client.post(path, self.form(blocks='[{"kind": "heading"}]')).content.decode()
        assert "Block 1: “text” is missing." in page
        assert office.nudge.contents.get().blocks[0]["text"] == "Hi", "nothing was lost"

    def test_the_preview_shows_what_is_written_and_saves_nothing(self, office: Office) -> None:
        client, path = office.enter("marketer"), f"/nudges/{office.nudge.pk}/preview"
        told = self.form(blocks='[{"kind": "heading", "text": "Hi {{ customer.name }}"}]', scheme="dark")
        answer = client.post(path, told)
        assert "Hi Ada Lovelace" in answer.content.decode()
        assert "@media all" in answer.content.decode()
        assert "script-src 'none'" in answer.headers["Content-Security-Policy"]
        assert office.nudge.contents.get().body == "Dear {{ customer.name }}"

    def test_a_test_goes_to_who_asks_for_it_and_to_nobody_else(self, office: Office) -> None:
        told = self.form(blocks='[{"kind": "text", "markdown": "Hi {{ customer.name }}"}]')
        office.enter("marketer").post(f"/nudges/{office.nudge.pk}/test", told)
        [sent] = mail.outbox
        assert sent.to == [office.members["marketer"].user.email]
        assert sent.subject == "Test: S"
        assert "Hi Ada Lovelace" in sent.body
        assert Message.objects.count() == 2, "only those of the office: a test stands in no ledger"

    def test_a_picture_is_written_anew_served_to_anybody_and_kept_while_it_is_shown(
        self, office: Office
    ) -> None:
        client = office.enter("marketer")
        told = {"file": make_contents.png(), "alt": "Red"}
        answer = client.post("/nudges/pictures", told, headers={"Accept": "application/json"})
        picture = Picture.objects.get(alt="Red")
        assert answer.json() == {"address": picture.address, "name": "Red"}
        served = Client().get(picture.address)
        assert (served.status_code, served.headers["Content-Type"]) == (200, "image/jpeg")
        write(office.nudge, blocks=[{"kind": "picture", "src": picture.address}])
        client.post(f"/nudges/pictures/{picture.pk}/delete")
        with pytest.raises(CannotChange, match="in use"):
            delete_picture(picture=picture, actor=office.members["owner"].user, now=NOW)
        assert default_storage.exists(picture.path)
        refused = client.post(
            "/nudges/pictures",
            {"file": make_contents.png().__class__(b"no")},
            headers={"Accept": "application/json"},
        )
        assert "problem" in refused.json()
