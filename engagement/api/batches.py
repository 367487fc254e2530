"""Many items in one request: each is checked by itself, and the answer says what became of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from rest_framework.serializers import Serializer

from engagement.api.problems import flatten, invalid
from engagement.api.shapes import MAX_BATCH


class Saved(NamedTuple):
    """One item that was taken: its row's id, and whether it is new."""

    id: int
    is_new: bool


def save_batch(
    body: Any,
    shape: type[Serializer[Any]],
    *,
    key: str,
    save: Callable[[list[dict[str, Any]]], Sequence[Saved]],
    context: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Check {"items": [...]}, save the good ones in one call of `save`, and return what `BatchOut` shapes.

    `key` is the field that tells items apart; one that comes twice fails from the second time on.
    """
    items = read_items(body)
    good, results = _sort_out(items, shape, key, dict(context or {}))
    for (index, _values), saved in zip(
        good, save([values for _i, values in good]) if good else [], strict=True
    ):
        results[index] = {"result": "created" if saved.is_new else "updated", "id": saved.id, "errors": []}
    data = [{"index": index} | results[index] for index in range(len(items))]
    counts = {name: sum(row["result"] == name for row in data) for name in ("created", "updated", "failed")}
    return {**counts, "data": data}


def read_items(body: Any) -> list[Any]:
    """The list in {"items": [...]}, 1 to MAX_BATCH long; Problem otherwise."""
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_BATCH:
        detail = _("Send a list of 1 to {most} items.").format(most=MAX_BATCH)
        raise invalid([{"pointer": "/items", "code": "invalid", "detail": detail}])
    if unknown := [name for name in body if name != "items"]:
        detail = _("There is no such field. Known are: {known}.").format(known="items")
        raise invalid(
            [{"pointer": f"/{name}", "code": "unknown_field", "detail": detail} for name in unknown]
        )
    return items


def _sort_out(
    items: list[Any], shape: type[Serializer[Any]], key: str, context: dict[str, Any]
) -> tuple[list[tuple[int, dict[str, Any]]], dict[int, dict[str, Any]]]:
    good: list[tuple[int, dict[str, Any]]] = []
    failed: dict[int, dict[str, Any]] = {}
    seen: set[Any] = set()
    for index, item in enumerate(items):
        checked = shape(data=item, context=context)
        if not checked.is_valid():
            errors = list(flatten(checked.errors, f"/items/{index}"))
        elif checked.validated_data[key] in seen:
            detail = _("This {key} came earlier in the same batch.").format(key=key)
            errors = [{"pointer": f"/items/{index}/{key}", "code": "duplicate", "detail": detail}]
        else:
            seen.add(checked.validated_data[key])
            good.append((index, checked.validated_data))
            continue
        failed[index] = {"result": "failed", "id": None, "errors": errors}
    return good, failed
