"""Guides by API: written, published, and kept from being overwritten."""

from typing import Any

import pytest

from journeys.models import Guide, GuideVersion
from tests import make, make_nudges
from tests.make_api import caller
from tests.make_dashboard import Office

pytestmark = pytest.mark.django_db

TEXT = {"kind": "text", "markdown": "Look at the water column first."}


def guide_in(**fields: Any) -> dict[str, Any]:
    return {
        "need": "tents",
        "stage": "shortlist",
        "slug": "choose-a-tent",
        "title": "Choose a tent",
        "blocks": [TEXT],
    } | fields


def test_a_guide_is_written_changed_published_and_taken_back() -> None:
    workspace = make.workspace()
    make_nudges.need(workspace, "tents")
    shop = caller(workspace)
    made = shop.post("guides", guide_in())
    assert (made.status_code, made["ETag"]) == (201, '"v1"')
    guide = made.json()
    path = f"guides/{guide['id']}"
    assert (guide["status"], guide["need"], guide["published_version"]) == ("draft", "tents", None)

    changed = shop.patch(path, {"title": "Choose a tent well"}, If_Match='"v1"')
    assert (changed.status_code, changed["ETag"]) == (200, '"v2"')
    published = shop.post(f"{path}/publish").json()
    assert (published["status"], published["published_version"]) == ("published", 2)
    assert shop.post(f"{path}/verify").json()["verified_on"] is not None
    assert shop.post(f"{path}/unpublish").json()["status"] == "draft"
    assert shop.post(f"{path}/archive").json()["status"] == "archived"
    assert shop.get(path)["ETag"] == '"v2"'
    assert GuideVersion.objects.count() == 2


def test_who_read_an_older_version_does_not_overwrite_the_newer() -> None:
    workspace = make.workspace()
    make_nudges.need(workspace, "tents")
    shop = caller(workspace)
    path = f"guides/{shop.post('guides', guide_in()).json()['id']}"
    assert shop.patch(path, {"title": "First"}, If_Match='"v1"').status_code == 200
    late = shop.patch(path, {"title": "Second"}, If_Match='"v1"')
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert shop.patch(path, {"title": "Third"}, If_Match="v1").status_code == 400
    assert Guide.objects.get().title == "First"
    assert shop.patch(path, {"title": "Fourth"}, If_Match="*").status_code == 200


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"need": "unknown"}, "/need"),
        ({"need": None}, "/need"),
        ({"stage": "later"}, "/stage"),
        ({"slug": "Not A Slug"}, "/slug"),
        ({"blocks": [{"kind": "video"}]}, "/blocks/0/kind"),
        ({"blocks": [{"kind": "text"}]}, "/blocks/0/markdown"),
        ({"blocks": ["text"]}, "/blocks/0"),
        ({"status": "published"}, "/status"),
    ],
)
def test_what_cannot_be_taken_is_named_and_nothing_is_written(change: dict[str, Any], pointer: str) -> None:
    workspace = make.workspace()
    make_nudges.need(workspace, "tents")
    answer = caller(workspace).post("guides", guide_in(**change))
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Guide.objects.exists()


def test_two_guides_cannot_stand_at_one_place() -> None:
    workspace = make.workspace()
    make_nudges.need(workspace, "tents")
    shop = caller(workspace)
    first = shop.post("guides", guide_in()).json()["id"]
    second = shop.post("guides", guide_in(slug="other")).json()["id"]
    assert shop.post(f"guides/{first}/publish").status_code == 200
    refused = shop.post(f"guides/{second}/publish")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/stage")
    assert Guide.objects.get(pk=second).status == "draft"


def test_only_the_own_workspace_and_its_writers_change_a_guide() -> None:
    workspace = make.workspace()
    make_nudges.need(workspace, "tents")
    guide = caller(workspace).post("guides", guide_in()).json()["id"]
    reader = caller(workspace, "guides:read")
    stranger = caller(make.workspace())
    assert reader.get(f"guides/{guide}").status_code == 200
    for other, status in ((reader, 403), (stranger, 404)):
        assert other.patch(f"guides/{guide}", {"title": "Mine"}).status_code == status
        assert other.post(f"guides/{guide}/publish").status_code == status
    assert stranger.get(f"guides/{guide}").status_code == 404
    assert stranger.pages("guides") == []
    assert (Guide.objects.get().title, Guide.objects.get().status) == ("Choose a tent", "draft")


def test_a_need_of_another_workspace_cannot_be_named() -> None:
    make_nudges.need(make.workspace(), "tents")
    assert caller(make.workspace()).post("guides", guide_in()).status_code == 422
    assert not Guide.objects.exists()


def test_somebody_of_the_team_looks_after_a_guide() -> None:
    office = Office()
    make_nudges.need(office.workspace, "tents")
    shop = caller(office.workspace)
    email = office.members["marketer"].user.email
    made = shop.post("guides", guide_in(owner=email)).json()
    assert made["owner"] == email
    assert shop.get(f"guides/{made['id']}").json()["owner"] == email
    refused = shop.post("guides", guide_in(slug="other", owner="nobody@example.org"))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/owner")
    assert Guide.objects.count() == 1
