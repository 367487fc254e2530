"""What browsers ask for before they send."""

from __future__ import annotations

import pytest
from django.test import Client

from engagement.models import Event, Workspace
from tests.engagement.tracking.calls import basic

pytestmark = pytest.mark.django_db


BROWSER_PATHS = [
    "/v1/batch",
    "/v1/t",
    "/v1/track/",
    "/v1/projects/wk/settings",
    "/sourceConfig/",
    "/rsaMetrics",
    "/v1/m",
]
ASKED = (
    *(
        "authorization",
        "content-type",
        "accept",
        "anonymousid",
        "sentat",
        "x-retry-count",
        "rsa-retry-attempt",
    ),
    *("rsa-retry-reason", "rsa-since-first-attempt", "rsa-since-last-attempt"),
)


@pytest.mark.parametrize("path", BROWSER_PATHS)
def test_a_preflight_is_answered_without_a_key(client: Client, path: str) -> None:
    response = client.options(
        path, headers={"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    )
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    assert set(ASKED) <= set(response.headers["Access-Control-Allow-Headers"].split(", "))
    assert response.headers["Access-Control-Max-Age"] == "7200"


@pytest.mark.parametrize("slash", ["", "/"])
def test_segments_browser_client_gets_its_settings(client: Client, key: str, slash: str) -> None:
    response = client.get(f"/v1/projects/{key}/settings{slash}")
    assert response.json() == {
        "integrations": {"Segment.io": {"apiKey": key, "apiHost": "testserver/v1", "protocol": "http"}},
        "metrics": {"sampleRate": 0},  # else the client tells Segment how it fares
    }
    assert "max-age=300" in response.headers["Cache-Control"]
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("place", ["query", "header"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_rudderstacks_browser_client_gets_its_source_config(
    client: Client, workspace: Workspace, key: str, place: str, slash: str
) -> None:
    query = f"?p=npm&v=3&build=modern&writeKey={key}" if place == "query" else ""
    headers = {"Authorization": basic(key)} if place == "header" else {}
    source = client.get(f"/sourceConfig{slash}{query}", headers=headers).json()["source"]
    assert (source["writeKey"], source["enabled"], source["destinations"]) == (key, True, [])
    assert source["workspaceId"] == str(workspace.id)
    assert source["config"]["statsCollection"]["errors"]["enabled"] is False


def test_the_classic_snippet_gets_the_script(client: Client, key: str) -> None:
    response = client.get(f"/analytics.js/v1/{key}/analytics.min.js")
    assert response.headers["Content-Type"].startswith("text/javascript")
    assert len(response.content) > 50_000
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_the_script_gets_its_parts_and_nothing_else_of_ours(client: Client) -> None:
    part = "/analytics-next/bundles/queryString.bundle.34b193ada8fe288d1bd1.js"
    assert client.get(part).headers["Content-Type"].startswith("text/javascript")
    for other in ("nothing.js", "..js"):
        assert client.get(f"/analytics-next/bundles/{other}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/v1/projects/wk_no/settings",
        "/sourceConfig/?writeKey=wk_no",
        "/analytics.js/v1/wk_no/analytics.min.js",
    ],
)
def test_an_unknown_key_gets_no_settings(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()["code"]) == (401, "unknown_write_key")


@pytest.mark.parametrize("path", ["/v1/m", "/rsaMetrics", "/rsaMetrics/"])
def test_what_clients_tell_about_themselves_is_not_kept(client: Client, path: str) -> None:
    assert client.post(path, b"{}", content_type="text/plain").content == b'{"success": true}'
    assert not Event.objects.exists()
