"""An import is stopped, goes on, is undone; what became of its lines is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engagement.erasing import erase_customer
from engagement.models import Customer, Product
from reviews.forgetting import forget_imports
from reviews.importing import (
    WrongState,
    check_import,
    go_on,
    start_import,
    stop_import,
    undo_import,
    work_on_imports,
)
from reviews.models import Review, ReviewImport, ReviewImportLine, ReviewOrigin
from reviews.summaries import rating_summary
from reviews.tallying import tally_ratings
from tests import make, make_reviews
from tests.reviews import import_files
from tests.reviews.imported import NOW, checked, imported, tern, uploaded, worked

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make.workspace()


@pytest.fixture
def product(workspace):
    return tern(workspace)


def test_a_stopped_import_goes_on_or_is_undone(workspace, product):
    batch = checked(uploaded(workspace, import_files.SHOPIFY))
    start_import(batch=batch, actor=None, now=NOW)
    work_on_imports(now=NOW, limit=1)
    stop_import(batch=batch, now=NOW)
    assert not work_on_imports(now=NOW).done
    assert Review.objects.count() == 1
    batch = worked(go_on(batch=batch, now=NOW))
    assert (batch.state, Review.objects.count()) == ("done", 2)


def test_what_cannot_be_done_now_is_refused(workspace, product):
    batch = uploaded(workspace, import_files.SHOPIFY)
    for action in (start_import, undo_import):
        with pytest.raises(WrongState):
            action(batch=batch, actor=None, now=NOW)
    with pytest.raises(WrongState):
        go_on(batch=batch, now=NOW)


def test_undoing_takes_out_all_that_the_import_made_and_nothing_else(workspace, product):
    ada = make.customer(workspace, email="ada@example.org")
    other = make_reviews.review(make.product(workspace), ada)
    text = import_files.SHOPIFY + "new-one,published,4,Ok,Cleo,cleo@example.org,,Good,,2019-01-02,\n"
    batch = imported(workspace, text, missing_products="stub")
    assert Review.objects.count() == 4
    batch = worked(undo_import(batch=batch, actor=None, now=NOW))
    assert batch.counts == {"undone": 3}
    assert list(Review.objects.all()) == [other]
    assert list(Customer.objects.all()) == [ada]
    assert set(Product.objects.all()) == {product, other.product}
    assert not ReviewOrigin.objects.exists()
    tally_ratings(now=NOW)
    assert rating_summary(product).published == 0
    batch = worked(check_import(batch=batch, mapping=batch.mapping, missing_products="refuse", unstated="queue",
                        day_first=None, now=NOW))  # fmt: skip
    assert batch.counts == {"ready": 2, "refused": 1}


def test_a_review_that_its_author_made_their_own_stays(workspace, product):
    ada = make.customer(workspace, email="ada@example.org")
    batch = imported(workspace, import_files.SHOPIFY)
    make_reviews.review(product, ada, at=NOW + timedelta(days=1))
    batch = worked(undo_import(batch=batch, actor=None, now=NOW))
    assert Review.objects.get().customer == ada
    assert batch.counts == {"known": 1, "undone": 1}


def test_an_erased_customer_leaves_no_line_behind(workspace, product):
    ada = make.customer(workspace, email="ada@example.org")
    batch = imported(workspace, import_files.SHOPIFY)
    erase_customer(customer=ada, actor=None, now=NOW)
    assert list(batch.lines.values_list("number", flat=True)) == [3]
    assert not ReviewOrigin.objects.filter(columns__email="ada@example.org").exists()


def test_lines_are_forgotten_after_a_while_and_origins_stay(workspace, product):
    batch = imported(workspace, import_files.SHOPIFY)
    never = uploaded(workspace, import_files.LOOX)
    forget_imports(now=NOW + timedelta(days=59))
    assert batch.lines.count() == 2
    forget_imports(now=NOW + timedelta(days=61))
    assert not ReviewImportLine.objects.exists()
    assert ReviewOrigin.objects.count() == 2
    assert not ReviewImport.objects.filter(pk=never.pk).exists()
