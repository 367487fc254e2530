"""What depends on a row, on whatever floor: asked before it is deleted, so that nothing goes along unseen."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import ForeignObjectRel, Model


def first_dependent(row: Model, *, but: Collection[type[Model]] = ()) -> str:
    """The name of the first kind of rows that refer to `row`, such as "reviews"; empty when there are none.

    Rows of the models in `but` may go along with it.
    """
    relations: list[ForeignObjectRel] = row._meta.related_objects  # type: ignore[assignment]
    for relation in relations:
        model = relation.related_model
        if model in but:
            continue
        if model._default_manager.filter(**{relation.field.name: row}).exists():
            return str(model._meta.verbose_name_plural)
    return ""
