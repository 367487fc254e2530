"""What the workspaces of a chunk look for: their needs' rules, and the weights of evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from engagement.models import Product
from engagement.unread import LoggedEvent
from journeys.filtering import STAGES
from journeys.inferring.instances import Table
from journeys.inferring.matching import Matcher
from journeys.inferring.signs import plain, products_of
from journeys.models import EvidenceWeight, Need


@dataclass
class Definitions:
    """By workspace: how events find their needs, and the sum of the needs' versions. By active need: its weights."""

    matchers: dict[int, Matcher] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    tables: dict[int, Table] = field(default_factory=dict)
    needs_of: dict[int, list[int]] = field(default_factory=dict)  # the active needs of a workspace


def read_definitions(workspace_ids: Collection[int]) -> Definitions:
    """All that is needed to tell stories in these workspaces; two queries."""
    found = Definitions(versions=dict.fromkeys(workspace_ids, 0))
    needs: dict[int, list[Need]] = {workspace_id: [] for workspace_id in workspace_ids}
    for need in Need.objects.filter(workspace_id__in=workspace_ids).order_by("id"):
        found.versions[need.workspace_id] += need.version
        if need.is_active:
            needs[need.workspace_id].append(need)
    weights: dict[int, list[EvidenceWeight]] = {}
    for weight in EvidenceWeight.objects.filter(workspace_id__in=workspace_ids):
        weights.setdefault(weight.workspace_id, []).append(weight)
    for workspace_id, own in needs.items():
        found.matchers[workspace_id] = Matcher(
            {need.pk: need.rules for need in own}, {need.pk: need.slug.casefold() for need in own}
        )
        found.needs_of[workspace_id] = [need.pk for need in own]
        for need in own:
            found.tables[need.pk] = table_for(need.pk, weights.get(workspace_id, ()))
    return found


def table_for(need_id: int, weights: Iterable[EvidenceWeight]) -> Table:
    """One need's weights by signal: the workspace's, except where the need has its own."""
    chosen: dict[tuple[str, int], float] = {}
    own: dict[tuple[str, int], float] = {}
    for each in weights:
        if each.need_id in (None, need_id):
            table = chosen if each.need_id is None else own
            table[each.signal.casefold(), STAGES.index(each.stage)] = each.weight
    signals: dict[str, list[tuple[int, float]]] = {}
    for (signal, stage), weight in sorted((chosen | own).items()):
        signals.setdefault(signal, []).append((stage, weight))
    return {signal: tuple(pairs) for signal, pairs in signals.items()}


def read_categories(events: Iterable[LoggedEvent]) -> dict[int, dict[str, str]]:
    """The catalogue's category of each product that an event names without one, by workspace and SKU; one query."""
    asked: dict[int, set[str]] = {}
    for event in events:
        told = event.properties
        if "products" in told or (("product_id" in told or "sku" in told) and not told.get("category")):
            missing = {product.sku for product in products_of(told) if not product.category}
            asked.setdefault(event.workspace_id, set()).update(missing)
    skus = set[str]().union(*asked.values())
    if not skus:
        return {}
    found: dict[int, dict[str, str]] = {}
    rows = Product.objects.filter(workspace_id__in=list(asked), sku__in=skus).exclude(category="")
    for workspace_id, sku, category in rows.values_list("workspace_id", "sku", "category"):
        found.setdefault(workspace_id, {})[sku] = plain(category)
    return found
