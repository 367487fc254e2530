"""Lets a member who lost their app and their recovery codes sign in by password again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from engagement.dashboard.factors import forget_factors


class Command(BaseCommand):
    help = "Take the second factor off a member's sign-in, because app and recovery codes are lost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the address with which the member signs in")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError(f"Nobody signs in as {options['email']}.")
        if not forget_factors(user=user, now=timezone.now()):
            raise CommandError(f"{user.email} has no second factor.")
        self.stdout.write(f"{user.email} signs in by password alone; they can set up an app again.")
