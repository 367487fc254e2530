"""What placeholders there are in a workspace, for who writes: what every customer has, and what this one knows."""

from __future__ import annotations

import re

from django.db import connection
from django.utils.translation import gettext as _

from engagement.models import Fact, Product, Workspace
from journeys.models import Need
from journeys.surveys.answering import open_surveys
from nudges.models import Flow, FlowTrigger, Nudge, Trigger

LOOKED_AT = 500
EVENTS_LOOKED_AT = 5000
MOST = 200
SAYABLE = re.compile(r"[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*")  # others cannot be written as a placeholder


def placeholders_of(workspace: Workspace) -> list[list[str]]:
    """[name, what it holds], in the order in which they are of use. Nine queries of some hundred rows, one
    of the newest events."""
    found = [*_common(), *_own(workspace)]
    return [[name, str(words)] for name, words in found if SAYABLE.fullmatch(name)][:MOST]


def _common() -> list[tuple[str, str]]:
    return [
        ("customer.name", _("The customer's name")),
        ("customer.first_name", _("The first name, where it is told")),
        ("customer.email", _("The e-mail address")),
        ("customer.id", _("Your own id of the customer")),
        ("need.name", _("The need that it is about")),
        ("need.stage", _("Where the customer stands with it")),
        ("product.name", _("The product looked at last")),
        ("product.price", _("Its price, as people there write it")),
        ("product.url", _("Its page")),
        ("product.image_url", _("Its picture")),
        ("product.brand", _("Its brand")),
        ("product.category", _("Its category")),
        ("products", _("Up to five products looked at: for a loop")),
        ("links.shortlist", _("The customer's own shortlist")),
        ("event.name", _("The event that started it; its properties by their names")),
        ("links.review", _("Where the products of that event are reviewed")),
        ("links.situation", _("What the customer told about their situation")),
        ("shop.name", _("Your shop's name")),
        ("shop.url", _("Your shop's address")),
    ]


def _own(workspace: Workspace) -> list[tuple[str, str]]:
    needs = Need.objects.filter(workspace=workspace)
    asked = {
        str(row["key"]): str(row.get("label") or row["key"])
        for need in needs
        for row in need.context_attributes
    }
    learned = Fact.objects.filter(workspace=workspace).order_by("-id").values_list("key", flat=True)
    facts = dict.fromkeys(learned[:LOOKED_AT], _("Known of the situation")) | asked
    return [
        *((f"facts.{key}", words) for key, words in sorted(facts.items())),
        *((f"event.{key}", _("A property of the event that starts it")) for key in _properties(workspace)),
        *((f"customer.traits.{key}", _("A trait that your shop told")) for key in _traits(workspace)),
        *((f"product.attributes.{key}", _("An attribute of the product")) for key in _attributes(workspace)),
        *(
            (f"links.surveys.{slug.replace('-', '_')}", _("A survey to answer"))
            for slug in open_surveys({workspace.pk: workspace}).get(workspace.pk, ())
        ),
    ]


def _traits(workspace: Workspace) -> list[str]:
    """The names of the traits that the customers seen last have."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT jsonb_object_keys(recent.traits) FROM (SELECT traits FROM engagement_customer"
            " WHERE workspace_id = %s AND jsonb_typeof(traits) = 'object' ORDER BY id DESC LIMIT %s) AS recent"
            " ORDER BY 1",
            [workspace.pk, LOOKED_AT],
        )
        return [key for (key,) in cursor.fetchall()]


def _properties(workspace: Workspace) -> list[str]:
    """The names of the properties that events had lately which start a nudge or let into a flow."""
    nudges = Nudge.objects.filter(workspace=workspace, trigger=Trigger.EVENT)
    flows = Flow.objects.filter(workspace=workspace, version__trigger=FlowTrigger.EVENT)
    names = {
        *nudges.values_list("trigger_event", flat=True),
        *flows.values_list("version__trigger_event", flat=True),
    }
    if not names:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT jsonb_object_keys(recent.properties) FROM (SELECT name, properties"
            " FROM engagement_event WHERE workspace_id = %s ORDER BY received_at DESC, id DESC LIMIT %s) AS recent"
            " WHERE name = ANY (%s) AND jsonb_typeof(properties) = 'object' ORDER BY 1",
            [workspace.pk, EVENTS_LOOKED_AT, sorted(names)],
        )
        return [key for (key,) in cursor.fetchall()]


def _attributes(workspace: Workspace) -> list[str]:
    rows = Product.objects.filter(workspace=workspace, is_stub=False).exclude(attributes={}).order_by("-id")
    return sorted(
        {
            str(key)
            for attributes in rows.values_list("attributes", flat=True)[:LOOKED_AT]
            for key in attributes
        }
    )
