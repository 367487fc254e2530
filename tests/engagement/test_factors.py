"""The second factor: what codes are made from lies sealed."""

from __future__ import annotations

import io
import json
from importlib import import_module
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from engagement.models import AuditEntry
from tests import make

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def user() -> User:
    return make.member(make.workspace()).user


def code_of(secret: str) -> str:
    _before, now, _after = yield_hotp_counters_from_time()
    return f"{hotp_value(secret, now):06}"


def stored(user: User) -> str:
    return json.dumps(list(Authenticator.objects.filter(user=user).values_list("data", flat=True)))


def test_a_code_fits_and_the_database_shows_neither_secret_nor_recovery_code(user: User) -> None:
    app, recovery = TOTP.activate(user, SECRET), RecoveryCodes.activate(user)
    assert app.validate_code(code_of(SECRET))
    [first, *others] = recovery.get_unused_codes()
    assert SECRET not in stored(user)
    assert first not in stored(user)
    again = RecoveryCodes(Authenticator.objects.get(user=user, type="recovery_codes"))
    assert again.validate_code(first)
    assert again.get_unused_codes() == others


def test_once_the_key_is_lost_no_code_fits_and_with_the_old_key_kept_it_does(
    user: User, settings: Any
) -> None:
    TOTP.activate(user, SECRET)
    old, settings.SECRET_KEY = (
        settings.SECRET_KEY,
        "another key of at least fifty characters, made for this one test",
    )
    app = TOTP(Authenticator.objects.get(user=user))
    assert not app.validate_code(code_of(SECRET))
    assert not app.validate_code(code_of("")), "nor one that anybody can make from nothing"
    settings.SECRET_KEY_FALLBACKS = [old]
    assert app.validate_code(code_of(SECRET))


def test_what_lay_open_before_is_sealed_by_the_migration_and_works_on(user: User) -> None:
    seed, secret = "ab" * 40, generate_totp_secret()
    Authenticator.objects.create(user=user, type="totp", data={"secret": secret})
    Authenticator.objects.create(user=user, type="recovery_codes", data={"seed": seed, "used_mask": 0})
    migration = import_module("engagement.migrations.0008_sealed_factors")
    migration.seal_all(apps, None)
    assert secret not in stored(user)
    assert seed not in stored(user)
    assert TOTP(Authenticator.objects.get(user=user, type="totp")).validate_code(code_of(secret))
    migration.open_all(apps, None)
    assert secret in stored(user)
    assert seed in stored(user)


def test_who_lost_app_and_codes_is_let_in_by_password_again_and_the_trail_says_so(user: User) -> None:
    other = make.member(make.workspace()).user
    for one in (user, other):
        TOTP.activate(one, SECRET)
        RecoveryCodes.activate(one)
    out = io.StringIO()
    call_command("forget_factor", user.email.upper(), stdout=out)
    assert "signs in by password alone" in out.getvalue()
    assert set(Authenticator.objects.values_list("user", flat=True)) == {other.pk}
    entry = AuditEntry.objects.get(action="remove_factor")
    assert (entry.workspace, entry.actor_label) == (user.memberships.get().workspace, "system")
    for email, why in [(user.email, "has no second factor"), ("nobody@example.org", "Nobody signs in")]:
        with pytest.raises(CommandError, match=why):
            call_command("forget_factor", email)
