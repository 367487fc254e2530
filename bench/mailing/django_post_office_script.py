"""Run by `django_post_office.send` in an environment of its own: fills that queue and times its sender.

Reads {"database", "mail_port", "mails", "html", "text", "processes", "batch"} as JSON; its last word is mails a second,
after some that were not timed, so that everything is loaded.
"""

import json
import sys
import time

import django
from django.conf import settings

told = json.load(sys.stdin)
settings.configure(
    SECRET_KEY="bench",
    INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql"} | told["database"]},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    EMAIL_BACKEND="post_office.EmailBackend",
    EMAIL_HOST="127.0.0.1",
    EMAIL_PORT=told["mail_port"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    USE_TZ=True,
    POST_OFFICE={"LOG_LEVEL": 0, "BATCH_SIZE": told["batch"]},
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from post_office import mail  # noqa: E402

call_command("migrate", verbosity=0)


def fill(mails: int) -> None:
    mail.send_many(
        [
            {
                "recipients": [f"p{number}@bench.example"],
                "sender": "shop@bench.example",
                "subject": f"How to choose, {number}",
                "message": told["text"],
                "html_message": told["html"],
            }
            for number in range(mails)
        ]
    )


def send(mails: int) -> None:
    sent = 0
    while sent < mails:
        done, failed, _requeued = mail.send_queued(processes=told["processes"], log_level=0)
        assert not failed
        sent += done
        connection.close()  # as its own command does between batches


fill(100)
send(100)
fill(told["mails"])
began = time.perf_counter()
send(told["mails"])
print(told["mails"] / (time.perf_counter() - began))
