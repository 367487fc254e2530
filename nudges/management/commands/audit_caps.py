"""`manage.py audit_caps`: recount everything that was sent against every cap, and say how often one was exceeded."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from nudges.audits import find_drift, find_violations

SHOWN = 20


class Command(BaseCommand):
    help = "Recounts the whole ledger: prints how many caps were exceeded (0), and exits with 1 if any was."

    def handle(self, *args: Any, **options: Any) -> None:
        violations, drift = find_violations(), find_drift(now=timezone.now())
        for one in violations[:SHOWN]:
            self.stderr.write(
                f"message {one.message_id} to customer {one.customer_id}: {one.rule} allows {one.limit}, "
                f"and this was number {one.found}"
            )
        for other in drift[:SHOWN]:
            self.stderr.write(
                f"pressure of customer {other.customer_id}: message {other.message_id} is {other.drift}"
            )
        self.stdout.write(f"{len(violations)}")
        if violations or drift:
            raise CommandError(
                f"{len(violations)} messages broke a cap, {len(drift)} differ between pressure and messages."
            )
