"""Products saved by their SKU, many at a time."""

from datetime import timedelta

import pytest

from engagement.cataloguing import delete_product, save_products
from engagement.models import AuditEntry, Product
from tests import make

pytestmark = pytest.mark.django_db


def test_what_is_left_out_keeps_its_value() -> None:
    workspace = make.workspace()
    known = make.product(workspace, "tent", name="Tent", price="10.00", is_stub=True)
    saved = save_products(
        workspace_id=workspace.pk, products=[{"sku": "new"}, {"sku": "tent", "price": "9.00"}], now=make.NOW
    )
    assert [(row.product.sku, row.is_new) for row in saved] == [("new", True), ("tent", False)]
    known.refresh_from_db()
    assert (known.name, str(known.price), known.is_stub) == ("Tent", "9.00", False)


def test_a_call_that_names_a_sku_twice_changes_nothing() -> None:
    workspace = make.workspace()
    with pytest.raises(ValueError, match="only once"):
        save_products(
            workspace_id=workspace.pk, products=[{"sku": "a", "name": "x"}, {"sku": "a"}], now=make.NOW
        )
    assert not Product.objects.exists()


def test_the_time_of_creation_stays() -> None:
    workspace = make.workspace()
    product = make.product(workspace, "tent")
    long_ago = product.created_at - timedelta(days=100)
    Product.objects.filter(pk=product.pk).update(created_at=long_ago)
    save_products(workspace_id=workspace.pk, products=[{"sku": "tent", "name": "Tent"}], now=make.NOW)
    product.refresh_from_db()
    assert product.created_at == long_ago


def test_a_deleted_product_leaves_a_line_in_the_trail() -> None:
    product = make.product(make.workspace(), "tent")
    delete_product(product=product, actor=None, now=make.NOW)
    assert not Product.objects.exists()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.detail, entry.at) == ("delete_product", {"sku": "tent"}, make.NOW)
