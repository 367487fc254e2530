"""Where a customer can be reached: told by the shop's server, or by its app for a device."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.addresses import register_address
from engagement.api.customer_shapes import AddressOut
from engagement.api.customers import CustomerResource
from engagement.api.idempotency import once
from engagement.api.resources import created, gone
from engagement.api.shapes import Body
from engagement.models import Address, Channel
from engagement.people.traits import usable_email, usable_number

TOLD = (Channel.EMAIL, Channel.SMS, Channel.WHATSAPP, Channel.MOBILE_PUSH)


class AddressIn(Body):
    """An address, or the token of a device. Browsers register themselves."""

    channel = serializers.ChoiceField([(one.value, one.label) for one in TOLD])
    value = serializers.CharField(
        max_length=500, help_text="An e-mail address, a number such as +4915112345678, or a device's token."
    )
    platform = serializers.ChoiceField(
        ["fcm", "apns"], required=False, help_text="Of a device: whose push service has given the token."
    )
    environment = serializers.ChoiceField(
        ["production", "sandbox"], required=False, help_text="Of Apple's devices; production when left out."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        channel, value = attrs["channel"], attrs["value"]
        if channel == Channel.MOBILE_PUSH:
            if not attrs.get("platform"):
                raise serializers.ValidationError({"platform": _("Say fcm or apns.")})
            return attrs
        for name in ("platform", "environment"):
            if name in attrs:
                raise serializers.ValidationError({name: _("It belongs to a device; leave it out.")})
        usable = usable_email(value) if channel == Channel.EMAIL else usable_number(value)
        if not usable:
            remedy = (
                _("Write one address such as ann@example.org.")
                if channel == Channel.EMAIL
                else _("Write the number with its country, such as +4915112345678.")
            )
            raise serializers.ValidationError({"value": remedy})
        return attrs | {"value": usable}


class CustomerAddresses(CustomerResource):
    """/customers/{id}/addresses"""

    required_scopes = {"GET": "customers:read", "POST": "customers:write"}

    @extend_schema(
        operation_id="list_customer_addresses",
        summary="List where a customer can be reached",
        responses=AddressOut(many=True),
    )
    def get(self, request: Request, customer_id: int) -> Response:
        return self.page(
            Address.objects.filter(workspace=self.workspace, customer=self.customer(customer_id)), AddressOut
        )

    @extend_schema(
        operation_id="add_customer_address",
        summary="Add an address or a device of a customer",
        description="Told again it is only refreshed. A device that another customer had belongs to this one now. "
        "It consents to nothing.",
        request=AddressIn,
        responses={200: AddressOut, 201: AddressOut},
    )
    @once
    def post(self, request: Request, customer_id: int) -> Response:
        customer = self.customer(customer_id)
        told = self.check(AddressIn)
        details: dict[str, str] = {name: told[name] for name in ("platform", "environment") if name in told}
        address, is_new = register_address(
            customer=customer, channel=told["channel"], value=told["value"], details=details, now=self.now
        )
        shown = AddressOut(address).data
        path = f"/api/v1/customers/{customer.pk}/addresses/{address.pk}"
        return created(shown, path) if is_new else Response(shown)


class OneCustomerAddress(CustomerResource):
    """/customers/{id}/addresses/{address_id}"""

    required_scopes = {"DELETE": "customers:write"}

    @extend_schema(
        operation_id="remove_customer_address",
        summary="Forget an address or a device",
        description="One that is suppressed stays, so that it is not used again when it is told again.",
        responses={204: None},
    )
    def delete(self, request: Request, customer_id: int, address_id: int) -> Response:
        customer = self.customer(customer_id)
        self.find(Address.objects.filter(customer=customer), pk=address_id)
        Address.objects.filter(customer=customer, pk=address_id, suppressed_at=None).delete()
        return gone()
