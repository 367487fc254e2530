"""Run by `django_post_office.measure` in an environment of its own: fills that queue and times its sender.

Reads {"database", "mail_port", "mails", "html", "text", "processes", "batch"} as JSON; its last word is mails a second.
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
mail.send_many(
    [
        {
            "recipients": [f"p{number}@bench.example"],
            "sender": "shop@bench.example",
            "subject": f"How to choose, {number}",
            "message": told["text"],
            "html_message": told["html"],
        }
        for number in range(told["mails"])
    ]
)
began, sent = time.perf_counter(), 0
while sent < told["mails"]:
    done, failed, _requeued = mail.send_queued(processes=told["processes"], log_level=0)
    assert not failed
    sent += done
    connection.close()  # as its own command does between batches
print(sent / (time.perf_counter() - began))
