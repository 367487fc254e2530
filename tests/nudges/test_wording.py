"""Words: placeholders filled within bounds, values that mean nothing to Markdown, letters with all that they owe."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.events import IncomingEvent
from engagement.ingesting import ingest_events
from engagement.models import Customer, Event, Fact, Workspace
from engagement.signing import unsign
from journeys.links import SITUATION, SITUATION_FOR
from journeys.models import Need
from nudges.models import Message, Nudge
from nudges.wording import (
    BadWording,
    MissingData,
    Subject,
    choose_content,
    read_known,
)
from nudges.wording.letters import Letter, Shape, laid_out, preview_links
from nudges.wording.markdown import to_html, to_text
from nudges.wording.occasions import why
from nudges.wording.placeholders import Marking, fill, missing_values
from nudges.wording.previews import Preview, preview
from tests import make, make_messages

VALUES = {
    "customer": {"name": "Ana", "traits": {"plan": "gold"}},
    "products": [{"name": "Fast"}, {"name": "Soft"}],
}


def written(source: str, **values: Any) -> Letter:
    """The words for one customer, by a channel without a letter round them."""
    marking = Marking(values)
    fields = dict.fromkeys(Shape._fields, "") | {"source": marking.fill(source), "is_letter": False}
    layout = laid_out(Shape(**fields))
    return layout.filled(marking.given, link="", link_label="", links=preview_links())


class TestPlaceholders:
    @pytest.mark.parametrize(
        ("source", "result"),
        [
            ("Hi {{ customer.name }}!", "Hi Ana!"),
            ("Hi {{ customer.first_name | default: 'you' }}!", "Hi you!"),
            ("{% if customer.traits.plan == 'gold' %}Gold{% else %}Other{% endif %}", "Gold"),
            ("{% if customer.phone %}call{% else %}write{% endif %}", "write"),
            ("{% for product in products %}[{{ product.name }}]{% endfor %}", "[Fast][Soft]"),
            ("{{ products.first.name | upcase }}", "FAST"),
            ("{{ customer.name | truncate: 2, '' }}", "An"),
        ],
    )
    def test_they_are_filled(self, source: str, result: str) -> None:
        assert fill(source, VALUES) == result

    @pytest.mark.parametrize(
        "source", ["{{ customer.phone }}", "{{ nobody.name }}", "{{ customer.traits.shoe.size }}"]
    )
    def test_what_is_not_known_is_never_shown_as_nothing(self, source: str) -> None:
        with pytest.raises(MissingData):
            fill(source, VALUES)

    def test_the_unknown_is_named(self) -> None:
        with pytest.raises(MissingData, match=r"^customer\.phone$"):
            fill("Call {{ customer.phone }}", VALUES)
        wanted = "{{ customer.name }} {{ customer.phone | default: 'x' }} {% if need.name %}"
        wanted += "{{ products[0].fit }}{% endif %}"
        assert missing_values(wanted, VALUES) == ["customer.phone", "need.name", "products.0.fit"]

    @pytest.mark.parametrize(
        "source",
        [
            "{{ customer.name",
            "{% if customer %}",
            "{% include 'secrets' %}",
            "{% render 'secrets' %}",
            "{% assign x = 1 %}",
            "{% capture x %}y{% endcapture %}",
            "{{ customer.name | replace: 'a', 'aaaaaaaaaa' }}",
            "{{ customer.name | append: customer.name }}",
            "{% for i in (1..1000000) %}x{% endfor %}",
            "{% for i in (1..150) %}{% for j in (1..150) %}x{% endfor %}{% endfor %}",
            "{% for i in (1..200) %}{% if i == 3 %}{% endif %}{% endfor %}" * 300,
            "x" * 20_001,
            "{% if a %}" * 12 + "{% endif %}" * 12,
        ],
    )
    def test_what_could_call_out_or_grow_is_refused(self, source: str) -> None:
        began = time.monotonic()
        with pytest.raises(BadWording):
            fill(source, VALUES)
        assert time.monotonic() - began < 20

    def test_nothing_of_python_can_be_reached(self) -> None:
        for source in ("{{ customer.__class__ }}", "{{ customer.keys }}", "{{ customer.name.upper }}"):
            with pytest.raises(MissingData):
                fill(source, VALUES)

    def test_a_subject_stays_on_one_line(self) -> None:
        assert (
            fill("{{ name }}", {"name": "a\r\nBcc: everybody@example.org"}) == "a Bcc: everybody@example.org"
        )

    @given(st.text(max_size=80))
    @settings(max_examples=200, deadline=None)
    def test_a_value_means_nothing_to_markdown(self, value: str) -> None:
        words = written("Dear {{ name }}, hello", name=value)
        assert not re.findall(r"<(?!/?p>)", words.html)
        assert words.text == f"Dear {' '.join(value.split())}, hello"

    def test_a_url_goes_into_a_link_whole(self) -> None:
        url = "https://example.org/a_b(c)?x=1&y=[2]"
        words = written("[look]({{ url }})", url=url)
        assert 'href="https://example.org/a_b(c)?x=1&amp;y=%5B2%5D"' in words.html

    @pytest.mark.parametrize(
        ("source", "value", "address"),
        [
            ("[look]({{ x }})", "javascript:alert(1)", "#"),
            ("[look]({{ x }})", "JavaScript:alert(1)", "#"),
            ("[look]({{ x }})", "data:text/html,x", "#"),
            ("[look]({{ x }})", "/shoes?x=1", "/shoes?x=1"),
            ("[look](java{{ x }})", "script:alert(1)", "javascript%3Aalert%281%29"),
            ("[look](https://{{ x }}.example/)", "evil.example/", "https://evil.example%2F.example/"),
            ("[look](https://e.org/?a={{ x }})", '"><b>', "https://e.org/?a=%22%3E%3Cb%3E"),
            ("[look](https://e.org/{{ x }}/{{ x }})", "a b", "https://e.org/a%20b/a%20b"),
        ],
    )
    def test_a_value_leads_nowhere_but_where_the_marketer_meant(
        self, source: str, value: str, address: str
    ) -> None:
        assert f'href="{address}"' in written(source, x=value).html

    def test_the_same_words_are_laid_out_once_and_another_way_through_them_is_another_layout(self) -> None:
        source = "Hi {{ name }}{% if gold %}, **thank you**{% endif %}"
        laid_out.cache_clear()
        assert written(source, name="Ana", gold=False).html == "<p>Hi Ana</p>\n"
        assert written(source, name="Ben & Co", gold=False).html == "<p>Hi Ben &amp; Co</p>\n"
        assert laid_out.cache_info().misses == 1
        assert written(source, name="Cleo", gold=True).html == "<p>Hi Cleo, <strong>thank you</strong></p>\n"
        assert laid_out.cache_info().misses == 2

    def test_values_cannot_make_a_message_grow_past_its_bounds(self) -> None:
        with pytest.raises(BadWording, match="longer"):
            Marking({"xs": [1] * 50, "big": "x" * 3000}).fill("{% for x in xs %}{{ big }}{% endfor %}")

    def test_nor_can_they_in_all_its_texts_together(self) -> None:
        marking = Marking({"big": "x" * 60_000})
        marking.fill("{{ big }}")
        with pytest.raises(BadWording, match="longer"):
            marking.fill("{{ big }}")
        assert len(marking.given) == 2  # the one that is too much, and none after it

    def test_loops_cannot_make_its_own_words_grow_past_them(self) -> None:
        marking = Marking({"xs": list(range(200)), "ys": [1] * 6})
        with pytest.raises(BadWording, match="longer"):
            marking.fill("{% for x in xs %}" + "y" * 600 + "{% endfor %}")

    def test_the_texts_of_a_message_are_filled_each_from_the_same_values(self) -> None:
        marking = Marking({"name": "Ana", "size": 38})
        subject, body = marking.fill("For {{ name }}"), marking.fill("{{ size }} fits {{ name }}")
        product = marking.fill("{{ product.name }}", product={"name": "Boot"})
        assert marking.given == ["Ana", "38", "Ana", "Boot"]
        with pytest.raises(MissingData, match="product"):
            marking.fill("{{ product.name }}")  # it was that text's alone
        fields = dict.fromkeys(Shape._fields, "") | {"subject": subject, "source": body + product}
        letter = laid_out(Shape(**fields | {"is_letter": False})).filled(
            marking.given, link="", link_label="", links=preview_links()
        )
        assert (letter.subject, letter.text) == ("For Ana", "38 fits AnaBoot")

    def test_a_subject_that_is_filled_stays_on_one_line_and_short(self) -> None:
        marking = Marking({"name": "a\r\nBcc: everybody@example.org ", "long": "x" * 300})
        subjects = {}
        for name in ("name", "long"):
            fields = dict.fromkeys(Shape._fields, "") | {"subject": marking.fill(f"{{{{ {name} }}}}")}
            layout = laid_out(Shape(**fields | {"is_letter": False}))
            subjects[name] = layout.filled(
                marking.given, link="", link_label="", links=preview_links()
            ).subject
        assert subjects == {"name": "a Bcc: everybody@example.org", "long": "x" * 200}


class TestMarkdown:
    def test_nothing_that_acts_survives(self) -> None:
        html = to_html(
            '<script>x</script> [a](javascript:x) <img src=x onerror=y> ![b](https://e.org/i.png "t")'
        )
        assert "<script" not in html
        assert 'href="javascript' not in html
        assert "<img src=x" not in html
        assert '<img src="https://e.org/i.png"' in html

    def test_the_plain_text_reads_like_a_letter(self) -> None:
        source = "# Title\n\nOne *two* [three](https://e.org).\n\n- a\n- b\n  - c\n\n"
        source += "1. x\n2. y\n\n> said\n\n---\n\n    code"
        assert to_text(source) == (
            "Title\n\nOne two three (https://e.org).\n\n- a\n- b\n  - c\n\n1. x\n2. y\n\n> said\n\n----\n\ncode"
        )


class TestLanguages:
    @pytest.fixture
    def nudge(self) -> Nudge:
        nudge = make_messages.nudge(make.workspace(), words=None)
        for language in ("en", "de", "pt-BR"):
            make_messages.content(nudge, language=language, subject=language)
        return nudge

    @pytest.mark.parametrize(
        ("languages", "chosen"),
        [
            (["de-AT", "en"], "de"),
            (["de"], "de"),
            (["pt_br"], "pt-BR"),
            (["pt", "en"], "en"),
            (["fr", "de"], "de"),
            (["fr"], "en"),
            ([], "en"),
        ],
    )
    @pytest.mark.django_db
    def test_the_nearest_one_is_taken(self, nudge: Nudge, languages: list[str], chosen: str) -> None:
        content = choose_content(nudge.contents.order_by("id"), channel="email", languages=languages)
        assert content.language == chosen

    @pytest.mark.django_db
    def test_a_channel_without_words_takes_those_of_another(self, nudge: Nudge) -> None:
        assert choose_content(nudge.contents.all(), channel="inbox", languages=["de"]).subject == "de"

    def test_no_words_at_all_are_a_problem(self) -> None:
        with pytest.raises(BadWording, match="no words"):
            choose_content([], channel="email", languages=["en"])


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("awareness", "began to look into"),
        ("shortlist", "started comparing"),
        ("purchase", "about to decide"),
        ("post_purchase", "chose something"),
    ],
)
def test_each_stage_is_a_reason_of_its_own(stage: str, words: str) -> None:
    reason = why(promise="choose_well", need="Running shoes", stage=stage, category="Tips", shop="Shop")
    assert words in reason
    assert "Running shoes" in reason


def test_without_a_need_the_topic_is_the_reason_and_service_needs_none() -> None:
    assert "“Tips”" in why(promise="adapt", category="Tips", shop="Shop")
    service = why(promise="service", need="Shoes", stage="shortlist", category="Orders", shop="Shop")
    assert "asked Shop" in service


@pytest.mark.django_db
class TestPreview:
    @pytest.fixture
    def shop(self) -> Workspace:
        return make.workspace(
            name="Shoe shop", postal_address="Main Street 1, Riga", shop_url="https://shop.example"
        )

    @pytest.fixture
    def ana(self, shop: Workspace) -> Customer:
        return make.customer(shop, email="ana@example.org", name="Ana <b>")

    def show(self, shop: Workspace, ana: Customer, words: str, **fields: Any) -> Preview:
        nudge = make_messages.nudge(shop, words=words, **fields)
        return preview(nudge=nudge, customer=ana, channel="email", now=make.NOW)

    def test_it_is_the_whole_letter(self, shop: Workspace, ana: Customer) -> None:
        need = make_messages.need(ana)
        Need.objects.update(name="Running shoes")
        seen = self.show(shop, ana, "Dear {{ customer.name }}: *{{ need.name }}*", trigger_need=need.need)
        assert seen.missing == []
        rendered = seen.rendered
        assert rendered is not None
        for part in (rendered.text, rendered.html):
            assert "you started comparing for “Running shoes”" in part
            assert "Main Street 1, Riga" in part
            assert "Unsubscribe" in part
            for reply in ("Helpful", "Not now", "Not relevant", "My situation changed"):
                assert reply in part
        assert "Dear Ana <b>: Running shoes" in rendered.text
        assert "Dear Ana &lt;b&gt;: <em>Running shoes</em>" in rendered.html
        assert rendered.body_html == "<p>Dear Ana &lt;b&gt;: <em>Running shoes</em></p>\n"

    def test_it_hands_out_none_of_the_customers_links_and_keeps_nothing(
        self, shop: Workspace, ana: Customer
    ) -> None:
        seen = self.show(shop, ana, "Hello")
        assert seen.rendered is not None
        assert "/m/" not in seen.rendered.text + seen.rendered.html
        assert not Message.objects.exists()
        assert not Event.objects.exists()

    def test_it_says_what_is_missing(self, shop: Workspace, ana: Customer) -> None:
        seen = self.show(shop, ana, "{{ product.name | default: 'it' }} {{ customer.traits.title }}")
        assert seen.rendered is None
        assert seen.missing == ["customer.traits.title", "product.name"]
        assert "customer.traits.title" in seen.problem

    def test_it_says_what_is_wrong_with_the_words(self, shop: Workspace, ana: Customer) -> None:
        seen = self.show(shop, ana, "{{ customer.name")
        assert seen.rendered is None
        assert "placeholders" in seen.problem

    def test_styles_are_on_the_elements_and_the_button_leads_where_it_says(
        self, shop: Workspace, ana: Customer
    ) -> None:
        nudge = make_messages.nudge(shop, words=None)
        make_messages.content(nudge, link_url="https://shop.example/compare", link_label="Compare")
        seen = preview(nudge=nudge, customer=ana, channel="email", now=make.NOW)
        assert seen.rendered is not None
        assert re.search(
            r'<a class="button" href="https://shop.example/compare" style="[^"]+">Compare</a>',
            seen.rendered.html,
        )
        assert "prefers-color-scheme: dark" in seen.rendered.html
        assert "Compare: https://shop.example/compare" in seen.rendered.text
        assert "<link" not in seen.rendered.html

    def test_our_own_sentences_follow_the_language_of_the_words(self, shop: Workspace, ana: Customer) -> None:
        nudge = make_messages.nudge(shop, words=None)
        make_messages.content(nudge, language="de", body="Hallo")
        ana.locale = "de-AT"
        ana.save()
        seen = preview(nudge=nudge, customer=ana, channel="email", now=make.NOW)
        assert seen.rendered is not None
        assert "Abbestellen" in seen.rendered.text
        assert 'lang="de"' in seen.rendered.html

    def test_facts_and_products_looked_at_can_be_named(self, shop: Workspace, ana: Customer) -> None:
        make.product(
            shop, "s-1", name="Fast shoe", price="129.5", currency="EUR", url="https://shop.example/s-1"
        )
        ingest_events(
            workspace_id=shop.pk,
            events=[
                IncomingEvent(
                    type="track",
                    name="Product Viewed",
                    message_id="e-1",
                    occurred_at=make.NOW,
                    user_id=ana.external_id,
                    properties={"product_id": "s-1"},
                )
            ],
            received_at=make.NOW,
            source="tracking",
        )
        event = Event.objects.get(name="Product Viewed")
        need = make_messages.need(ana, evidence=[{"event_id": event.pk, "name": event.name}])
        Fact.objects.create(
            workspace=shop,
            customer=ana,
            topic="running-shoes",
            key="surface",
            value="trail",
            learned_at=make.NOW,
        )
        seen = self.show(
            shop, ana, "{{ product.name }} {{ product.price }} on {{ facts.surface }}", trigger_need=need.need
        )
        assert seen.rendered is not None
        assert seen.rendered.body_text == "Fast shoe €129.50 on trail"

    def test_a_link_to_a_page_of_the_customers_own_can_be_named_and_is_signed_for_them(
        self, shop: Workspace, ana: Customer
    ) -> None:
        shown = self.show(shop, ana, "[You]({{ links.situation }})")
        assert shown.rendered is not None
        [token] = re.findall(r'/situation/[^/]+/([\w:-]+)/"', shown.rendered.body_html)
        assert unsign(SITUATION, token, max_age=SITUATION_FOR) == {"c": ana.pk, "w": shop.pk}
        unknown = self.show(shop, ana, "{{ links.nowhere }}{{ links.surveys.none }}")
        assert unknown.missing == ["links.nowhere", "links.surveys.none"]

    def test_reading_for_many_takes_no_more_queries(
        self, shop: Workspace, django_assert_max_num_queries: Any
    ) -> None:
        def subjects(number: int) -> list[Subject]:
            people = [make.customer(shop) for _ in range(number)]
            return [
                Subject(person, make_messages.need(person, evidence=[{"event_id": 1}]), "shortlist")
                for person in people
            ]

        for number in (2, 12):
            wanted = subjects(number)
            with django_assert_max_num_queries(4):
                assert len(read_known({shop.pk: shop}, wanted, now=make.NOW)) == number
