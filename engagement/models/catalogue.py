"""Products: the company's own, and the alternatives that it does not sell."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models.workspaces import Workspace


class ProductKind(models.TextChoices):
    OWN = "own", _("Own")
    OUTSIDE = "outside", _("Outside alternative")


class Product(models.Model):
    """Something a customer may consider. An unknown id in an event makes a stub with only its SKU."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="products")
    sku = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=ProductKind.choices, default=ProductKind.OWN)
    name = models.CharField(max_length=300, blank=True)
    category = models.CharField(max_length=200, blank=True)
    brand = models.CharField(max_length=120, blank=True)
    price = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    url = models.URLField(max_length=1000, blank=True)
    image_url = models.URLField(max_length=1000, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    source_url = models.URLField(
        max_length=1000, blank=True, help_text="For an outside alternative: where the facts are from."
    )
    is_stub = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "sku"], name="product_once"),
            models.CheckConstraint(condition=Q(kind__in=ProductKind.values), name="product_kind_known"),
            models.CheckConstraint(
                condition=Q(price=None) | Q(price__gte=0), name="product_price_not_negative"
            ),
            models.CheckConstraint(condition=~Q(sku=""), name="product_has_sku"),
        ]
        indexes = [models.Index(fields=["workspace", "category"], name="product_category")]

    def __str__(self) -> str:
        return self.name or self.sku
