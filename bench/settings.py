"""The settings of the program, with the addresses that a benchmark asks for."""

import os

from config.settings import *  # noqa: F403

ROOT_URLCONF = os.environ.get("BENCH_URLS", "config.urls")
