"""Imported by the process that workers are forked from: the whole program, and no connection to anything."""

import django

django.setup()

from django.urls import get_resolver  # noqa: E402

import tests.make  # noqa: E402, F401 - what workers import, so that none has to

get_resolver().url_patterns  # noqa: B018 - the addresses are loaded when they are first asked for
