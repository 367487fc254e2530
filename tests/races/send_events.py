"""Run as a process of its own: send the same events again and again, in an order of its own.

python -m tests.races.send_events URL WRITE_KEY SEED TIMES TOTAL
"""

from __future__ import annotations

import base64
import http.client
import json
import random
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

USERS = 400
BATCH = 100


def event(number: int, at: datetime) -> dict[str, Any]:
    """Event number n: always of the same person, by user id, by anonymous id, or by both."""
    user = number % USERS
    ids = [
        {"userId": f"u{user}"},
        {"anonymousId": f"a{user}"},
        {"userId": f"u{user}", "anonymousId": f"a{user}"},
    ]
    kind = (
        {"type": "identify", "traits": {"n": number}}
        if number % 50 == 2
        else {"type": "track", "event": "Click"}
    )
    return kind | ids[number % 3] | {"messageId": f"m{number}", "timestamp": at.isoformat()}


def main(url: str, key: str, seed: int, times: int, total: int) -> None:
    shuffled = random.Random(seed)
    at = urlsplit(url)
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=60)
    headers = {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}
    for _ in range(times):
        numbers = list(range(total))
        shuffled.shuffle(numbers)
        for start in range(0, total, BATCH):
            now = datetime.now(UTC) - timedelta(seconds=shuffled.random() * 1000)
            body = {"batch": [event(number, now) for number in numbers[start : start + BATCH]]}
            connection.request("POST", "/v1/batch", json.dumps(body), headers)
            answer = connection.getresponse()
            said = answer.read()
            if (answer.status, said) != (200, b'{"success": true}'):
                sys.exit(f"{answer.status} {said!r}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))
