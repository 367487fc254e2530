"""Two learners of one need at once, and a mark that comes while a learner is at work."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from reviews.fitting.learning import learn_fit
from reviews.marking import mark_fit_due
from reviews.models import FitDue, FitSheet, FitTopic
from tests import make, make_fit

pytestmark = pytest.mark.usefixtures("committed")


def elsewhere(work: Any) -> Any:
    """Run on another connection, to its end."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=30)
    assert found, "it waited for a lock"
    return found[0]


def test_marks_of_a_need_that_another_worker_has_in_hand_stay() -> None:
    workspace = make.workspace()
    make_fit.need(workspace)
    product, *_ = make_fit.shop(workspace, products=2, each=6)
    mark_fit_due(product_ids=[product.pk])
    with transaction.atomic():
        FitTopic.objects.select_for_update().get()
        counts = elsewhere(lambda: learn_fit(now=make.NOW))
    assert (counts["taken"], counts["sheets"]) == (1, 0)
    assert FitDue.objects.count() == 1
    assert learn_fit(now=make.NOW)["sheets"] == 1


def test_a_review_that_comes_while_a_learner_is_at_work_is_learned_next() -> None:
    workspace = make.workspace()
    make_fit.need(workspace)
    product, *_ = make_fit.shop(workspace, products=2, each=6)
    mark_fit_due(product_ids=[product.pk])
    with transaction.atomic():
        learn_fit(now=make.NOW)

        def publish() -> bool:
            with transaction.atomic():
                make_fit.reviews(product, [({"foot": "wide"}, "small")])
                mark_fit_due(product_ids=[product.pk])
            return True

        assert elsewhere(publish), "a writer waits for no learner"
    assert FitSheet.objects.get(product=product).review_count == 6
    assert FitDue.objects.count() == 1
    learn_fit(now=make.NOW)
    assert FitSheet.objects.get(product=product).review_count == 7
