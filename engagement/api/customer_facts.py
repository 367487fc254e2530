"""What is known of a customer's situation, and what they allowed."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.customer_shapes import ConsentsIn, ConsentsOut, FactOut, FactsIn, ToldOut
from engagement.api.customers import CustomerResource
from engagement.api.idempotency import once
from engagement.api.problems import invalid
from engagement.consents import set_consent
from engagement.models import Category, Channel, Consent, ConsentState, Customer, Fact
from engagement.profiling import tell_facts


class CustomerFacts(CustomerResource):
    """/customers/{id}/facts"""

    required_scopes = {"GET": "customers:read", "POST": "customers:write"}

    @extend_schema(
        operation_id="list_customer_facts",
        summary="List what was learned about a customer's situation",
        responses=FactOut(many=True),
    )
    def get(self, request: Request, customer_id: int) -> Response:
        facts = Fact.objects.filter(workspace=self.workspace, customer=self.customer(customer_id))
        return self.page(facts, FactOut)

    @extend_schema(
        operation_id="tell_customer_facts",
        summary="Tell what was learned about a customer's situation",
        description="Known at once, and on the timeline with who told it.",
        request=FactsIn,
        responses={202: ToldOut},
    )
    @once
    def post(self, request: Request, customer_id: int) -> Response:
        customer = self.customer(customer_id)
        values = self.check(FactsIn)
        tell_facts(customer=customer, topic=values.get("topic", ""), facts=values["facts"], now=self.now)
        return Response(ToldOut(customer).data, status=status.HTTP_202_ACCEPTED)


class CustomerConsents(CustomerResource):
    """/customers/{id}/consents"""

    required_scopes = {"GET": "customers:read", "PUT": "customers:write"}

    @extend_schema(
        operation_id="get_customer_consents",
        summary="Read what a customer allows, by category",
        responses=ConsentsOut,
    )
    def get(self, request: Request, customer_id: int) -> Response:
        return Response(_read_consents(self.customer(customer_id)))

    @extend_schema(
        operation_id="set_customer_consents",
        summary="Record what a customer allowed or refused",
        description="What is not named stays as it is. Each change is an event on the customer's timeline.",
        request=ConsentsIn,
        responses=ConsentsOut,
    )
    def put(self, request: Request, customer_id: int) -> Response:
        customer = self.customer(customer_id)
        words = self.check(ConsentsIn)["consents"]
        ids = dict(Category.objects.filter(workspace=self.workspace).values_list("slug", "pk"))
        _refuse_unknown(words, ids)
        with transaction.atomic():
            for word in words:
                set_consent(
                    workspace_id=self.workspace.pk,
                    customer_id=customer.pk,
                    category_id=ids[word["category"]],
                    channels=word["channels"],
                    state=word["state"],
                    source="api",
                    proof=word.get("proof", ""),
                    now=self.now,
                )
        return Response(_read_consents(customer))


def _refuse_unknown(words: list[dict[str, Any]], known: dict[str, int]) -> None:
    detail = _("There is no such category. Known are: {known}.").format(known=", ".join(known))
    errors = [
        {"pointer": f"/consents/{index}/category", "code": "unknown", "detail": detail}
        for index, word in enumerate(words)
        if word["category"] not in known
    ]
    if errors:
        raise invalid(errors)


def _read_consents(customer: Customer) -> Any:
    """Two queries: the categories and the customer's words."""
    words: dict[int, list[Consent]] = {}
    for word in Consent.objects.filter(workspace_id=customer.workspace_id, customer=customer).order_by(
        "channel"
    ):
        words.setdefault(word.category_id, []).append(word)
    rows = [
        {
            "category": category.slug,
            "opt_in": category.opt_in,
            "allowed_channels": _allowed(category, words.get(category.pk, [])),
            "words": words.get(category.pk, []),
        }
        for category in Category.objects.filter(workspace_id=customer.workspace_id)
    ]
    return ConsentsOut({"customer": customer.pk, "data": rows}).data


def _allowed(category: Category, words: list[Consent]) -> list[str]:
    said = {word.channel: word.state for word in words}
    unsaid = ConsentState.DENIED if category.opt_in else ConsentState.GRANTED
    return [channel for channel in Channel.values if said.get(channel, unsaid) == ConsentState.GRANTED]
