"""Guides: what they may hold, versions, publishing, finding, showing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from engagement.models import AuditEntry
from journeys.guides import (
    BadGuide,
    GuideChanged,
    archive_guide,
    check_blocks,
    guide_for,
    is_stale,
    publish_guide,
    render_blocks,
    render_markdown,
    save_guide,
    unpublish_guide,
    verify_guide,
)
from journeys.models import GuideStatus
from tests import make, make_guides
from tests.make_journeys_base import shoe_need

pytestmark = pytest.mark.django_db
NOW = make.NOW


@pytest.fixture
def workspace():
    return make.workspace()


# ---- Blocks


def problems(workspace, *blocks):
    return {problem.path: problem.message for problem in check_blocks(list(blocks), workspace=workspace)}


@pytest.mark.parametrize(
    "block",
    [
        {"kind": "text", "markdown": "# Yes"},
        {"kind": "text", "markdown": "x", "sources": [{"title": "A test", "url": "https://test.example/a"}]},
        make_guides.CHECKLIST,
        {"kind": "not_for", "items": ["You run on sand only."]},
        {"kind": "care", "steps": [{"when": "First week", "markdown": "Short runs."}]},
        {
            "kind": "changed",
            "situations": [{"situation": "Feet grew", "markdown": "Swap.", "url": "https://a.example"}],
        },
        {"kind": "question", "question": "How long?", "answer": "600 km."},
        {"kind": "situation", "heading": "About you"},
    ],
)
def test_every_kind_of_block_can_be_kept(workspace, block):
    assert problems(workspace, block) == {}


@pytest.mark.parametrize(
    ("block", "path", "said"),
    [
        ("text", "0", "object with a kind"),
        ({}, "0.kind", "choose one of text, checklist"),
        ({"kind": "video"}, "0.kind", "choose one of"),
        ({"kind": "situation", "markdown": "x"}, "0.markdown", "not known"),
        ({"kind": "text"}, "0.markdown", "missing"),
        ({"kind": "text", "markdown": " "}, "0.markdown", "not be empty"),
        ({"kind": "text", "markdown": 3}, "0.markdown", "must be text"),
        ({"kind": "text", "markdown": "x" * 20_001}, "0.markdown", "20000"),
        ({"kind": "text", "markdown": "x", "html": "<b>"}, "0.html", "not known"),
        ({"kind": "checklist", "items": []}, "0.items", "1 to 40"),
        ({"kind": "checklist", "items": [{"criterion": "Width"}]}, "0.items.0.why", "missing"),
        (
            {"kind": "text", "markdown": "x", "sources": [{"title": "A", "url": "javascript:alert(1)"}]},
            "0.sources.0.url",
            "https://",
        ),
        ({"kind": "text", "markdown": "x", "sources": [{"title": "A", "url": "http://[x"}]}, "0.sources.0.url", "https://"),
        ({"kind": "comparison", "columns": [{"sku": "a"}], "rows": []}, "0.columns", "2 to 5"),
        (
            {"kind": "changed", "situations": [{"situation": "a", "markdown": "b", "url": "/x"}]},
            "0.situations.0.url",
            "https",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place_and_remedy(workspace, block, path, said):
    found = problems(workspace, block)
    assert said.lower() in found[path].lower()


def test_a_comparison_names_products_and_says_where_an_outside_one_is_described(workspace):
    make.product(workspace, "own")
    make.product(workspace, "theirs", kind="outside")
    make.product(workspace, "sourced", kind="outside", source_url="https://test.example/x")
    make.product(make.workspace(), "foreign")
    found = problems(workspace, make_guides.comparison("own", "theirs", "sourced", "foreign"))
    assert found.keys() == {"0.columns.1.source", "0.columns.3.sku"}


def test_at_most_five_columns_with_one_value_each(workspace):
    for n in range(6):
        make.product(workspace, f"p{n}")
    assert problems(workspace, make_guides.comparison(*(f"p{n}" for n in range(6)))).keys() == {
        "0.columns",
        "0.rows.0.values",
    }
    uneven = make_guides.comparison("p0", "p1", values=[["a"]])
    assert problems(workspace, uneven).keys() == {"0.rows.0.values"}


def test_something_else_than_a_list_is_refused(workspace):
    assert check_blocks({"kind": "text"}, workspace=workspace)[0].message == "Must be a list of blocks."


# ---- Versions and publishing


def test_every_save_is_a_version(workspace):
    guide = make_guides.guide(workspace, published=False)
    save_guide(workspace=workspace, guide=guide, values={"title": "Better"}, actor=None, now=NOW)
    guide.refresh_from_db()
    assert guide.version == 2
    assert [version.title for version in guide.versions.order_by("number")][1] == "Better"
    assert AuditEntry.objects.filter(action="change_guide").count() == 1


def test_readers_see_what_was_published_until_the_next_is(workspace):
    guide = make_guides.guide(workspace, title="As published")
    save_guide(workspace=workspace, guide=guide, values={"title": "In the making"}, actor=None, now=NOW)
    assert guide_for(workspace=workspace, need=guide.need.slug).title == "As published"
    publish_guide(guide=guide, actor=None, now=NOW)
    assert guide_for(workspace=workspace, need=guide.need.slug).title == "In the making"


def test_a_save_over_somebody_elses_is_refused(workspace):
    guide = make_guides.guide(workspace)
    save_guide(workspace=workspace, guide=guide, values={"title": "Theirs"}, actor=None, now=NOW)
    with pytest.raises(GuideChanged) as refused:
        save_guide(
            workspace=workspace,
            guide=guide,
            values={"title": "Mine"},
            expected_version=1,
            actor=None,
            now=NOW,
        )
    assert refused.value.version == 2
    guide.refresh_from_db()
    assert guide.title == "Theirs"


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"title": " "}, "title"),
        ({"slug": "No Spaces"}, "slug"),
        ({"slug": ""}, "slug"),
        ({"stage": "soon"}, "stage"),
        ({"blocks": [{"kind": "text"}]}, "blocks.0.markdown"),
    ],
)
def test_a_guide_with_something_wrong_is_not_kept(workspace, values, path):
    guide = make_guides.guide(workspace)
    with pytest.raises(BadGuide) as refused:
        save_guide(workspace=workspace, guide=guide, values=values, actor=None, now=NOW)
    assert [problem.path for problem in refused.value.problems] == [path]
    guide.refresh_from_db()
    assert guide.version == 1


def test_a_need_of_another_workspace_is_refused(workspace):
    with pytest.raises(BadGuide, match="need of this workspace"):
        make_guides.guide(workspace, need=shoe_need(make.workspace()))


def test_only_one_guide_is_published_in_a_place(workspace):
    first = make_guides.guide(workspace)
    second = make_guides.guide(workspace, need=first.need, published=False)
    with pytest.raises(BadGuide, match=first.title):
        publish_guide(guide=second, actor=None, now=NOW)
    unpublish_guide(guide=first, actor=None, now=NOW)
    assert publish_guide(guide=second, actor=None, now=NOW).status == GuideStatus.PUBLISHED


def test_an_empty_guide_is_not_published(workspace):
    with pytest.raises(BadGuide, match="at least one block"):
        make_guides.guide(workspace, blocks=[])


@pytest.mark.parametrize("put_away", [unpublish_guide, archive_guide])
def test_what_is_taken_back_is_not_found(workspace, put_away):
    guide = make_guides.guide(workspace)
    put_away(guide=guide, actor=None, now=NOW)
    assert guide_for(workspace=workspace, need=guide.need.slug) is None


def test_items_of_a_checklist_get_keys_that_stay(workspace):
    twice = {
        "kind": "checklist",
        "items": [{"criterion": "Width", "why": "a"}, {"criterion": "Width", "why": "b"}],
    }
    guide = make_guides.guide(workspace, blocks=[twice])
    assert [item["key"] for item in guide.blocks[0]["items"]] == ["width", "width-2"]
    guide.blocks[0]["items"][0]["criterion"] = "Breadth"
    changed = save_guide(
        workspace=workspace, guide=guide, values={"blocks": guide.blocks}, actor=None, now=NOW
    )
    assert [item["key"] for item in changed.blocks[0]["items"]] == ["width", "width-2"]


# ---- Finding


def test_languages_fall_back_step_by_step(workspace):
    workspace.locale = "de"
    workspace.save()
    need = shoe_need(workspace)
    for language in ("en", "de", "pt-br"):
        make_guides.guide(workspace, need=need, language=language, title=language)

    def found(language):
        return guide_for(workspace=workspace, need=need.slug, stage="shortlist", language=language).title

    assert [found(wish) for wish in ("en", "en-GB", "pt-BR", "fr", "")] == ["en", "en", "pt-br", "de", "de"]


def test_without_a_stage_the_most_asked_one_is_shown(workspace):
    need = shoe_need(workspace)
    make_guides.guide(workspace, need=need, stage="purchase", title="late")
    assert guide_for(workspace=workspace, need=need.slug).title == "late"
    make_guides.guide(workspace, need=need, stage="shortlist", title="early")
    assert guide_for(workspace=workspace, need=need.slug).title == "early"
    assert guide_for(workspace=workspace, need=need.slug, stage="awareness") is None


def test_a_draft_and_another_workspaces_guide_are_not_found(workspace):
    guide = make_guides.guide(workspace, published=False)
    foreign = make_guides.guide(make.workspace())
    assert guide_for(workspace=workspace, need=guide.need.slug) is None
    assert guide_for(workspace=workspace, need=foreign.need.slug) is None


def test_a_guide_goes_stale_until_somebody_checks_it(workspace):
    guide = make_guides.guide(workspace, verified_on=date(2026, 1, 1), stale_after_days=30)
    assert not is_stale(guide, today=date(2026, 1, 31))
    assert is_stale(guide, today=date(2026, 2, 1))
    checked = verify_guide(guide=guide, on=date(2026, 2, 1), actor=None, now=NOW)
    assert not is_stale(checked, today=date(2026, 2, 1) + timedelta(days=30))


def test_one_never_checked_is_stale(workspace):
    assert is_stale(make_guides.guide(workspace, verified_on=None), today=NOW.date())


# ---- Showing


@pytest.mark.parametrize(
    ("source", "absent"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("<img src=x onerror=alert(1)>", "<img"),
        ("[a](javascript:alert(1))", "href="),
        ("[a](data:text/html;base64,AAAA)", "href="),
        ('[a](https://x.example "\\"onmouseover=alert(1)")', " onmouseover="),
        ("![a](https://tracker.example/x.gif)", "<img"),
        ("<style>*{display:none}</style>", "<style"),
        ("<iframe src=https://x.example></iframe>", "<iframe"),
    ],
)
def test_nothing_of_a_text_is_executed_or_loaded(source, absent):
    assert absent not in render_markdown(source)


def test_markdown_is_shown_below_the_guides_own_headings():
    html = render_markdown("# One\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n[x](https://x.example)")
    assert "<h3>One</h3>" in html
    assert "<td>1</td>" in html
    assert 'rel="noopener nofollow"' in html


def test_a_comparison_has_must_haves_first_and_marks_what_differs(workspace):
    for sku in ("a", "b", "c"):
        make.product(workspace, sku, kind="outside" if sku == "c" else "own", source_url="https://t.example")
    block = make_guides.comparison("a", "b", "c", values=[["light", "light", "heavy"], ["yes", "yes", "yes"]])
    block["rows"][1]["must_have"] = True
    shown = render_blocks([block], workspace=workspace)[0]
    assert [row["label"] for row in shown["rows"]] == ["Row 1", "Row 0"]
    assert [[cell["differs"] for cell in row["cells"]] for row in shown["rows"]] == [
        [False] * 3,
        [False, False, True],
    ]
    assert [column["is_outside"] for column in shown["columns"]] == [False, False, True]


def test_a_product_that_was_deleted_since_is_named_by_its_sku(workspace):
    shown = render_blocks([make_guides.comparison("gone", "lost")], workspace=workspace)[0]
    assert [column["product"] for column in shown["columns"]] == [None, None]
