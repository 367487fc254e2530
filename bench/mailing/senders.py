"""The senders that `bench smtp` compares, imported once its database is there."""

from __future__ import annotations

import smtplib
import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import connection

from engagement.models import Address, Category, Customer, Workspace
from nudges.channels.mime import write_mime
from nudges.deciding import decide_nudges
from nudges.models import Candidate, Message, Nudge, NudgeContent, Policy, Waiting
from nudges.sending import send_messages
from nudges.sending.enveloping import envelope_of, write_letters
from nudges.sending.reading import read_claimed
from nudges.sending.supplying import Supplies

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
SENDER = "shop@bench.example"
BODY = """Dear {{ customer.name | default: "friend" }},

you asked us how to choose. Three things matter more than the price:

- **where** you will use it, and how often
- whether it fits {{ customer.traits.size | default: "your size" }}
- what others say who are in *your* situation

{% if customer.traits.plan == "gold" %}As a member you may send it back for a year.{% endif %}

Read [what our buyers say](https://shop.example/reviews?for={{ customer.id }}) before you decide. Take your
time: nothing
runs out, and nobody counts the minutes.
"""


@dataclass
class Cost:
    """One round: mails a second of wall time, and CPU seconds of this process and of its database backend."""

    mails: int
    seconds: float
    own: float
    backend: float

    @property
    def rate(self) -> float:
        return self.mails / self.seconds


def per_cpu_second(costs: list[Cost]) -> dict[str, int]:
    """Mails for each CPU second of the sender alone, and of the sender with its database process: medians."""
    own = statistics.median(cost.mails / cost.own for cost in costs)
    both = statistics.median(cost.mails / (cost.own + cost.backend) for cost in costs)
    return {"mails_per_cpu_second": round(own), "with_database": round(both)}


def make_nudge() -> Nudge:
    """A shop that may write as often as it likes, and a nudge with words of some length."""
    workspace = Workspace.objects.create(
        name="Bench shop", slug="bench", sender_email=SENDER, holdout_percent=0, postal_address="1 Road, Town"
    )
    Policy.objects.create(workspace=workspace, collect_seconds=0)
    category = Category.objects.create(workspace=workspace, slug="tips", name="Tips", opt_in=False)
    nudge = Nudge.objects.create(
        workspace=workspace,
        name="How to choose",
        promise="choose_well",
        interest="customer",
        category=category,
        channels=["email"],
        trigger="broadcast",
        status="active",
    )
    NudgeContent.objects.create(
        workspace=workspace,
        nudge=nudge,
        channel="email",
        subject="How to choose, {{ customer.name }}",
        body=BODY,
        link_url="https://shop.example/guide",
        link_label="Open the guide",
    )
    return nudge


def make_customers(nudge: Nudge, number: int, named: str = "c") -> list[Customer]:
    """People with an address each."""
    customers = [
        Customer(
            workspace=nudge.workspace,
            external_id=f"{named}{n}",
            name=f"Customer {n}",
            email=f"{named}{n}@bench.example",
            traits={"plan": "gold" if n % 3 == 0 else "free", "size": n % 12 + 36},
            first_seen_at=NOW,
            last_seen_at=NOW,
        )
        for n in range(number)
    ]
    Customer.objects.bulk_create(customers, batch_size=1000)
    addresses = [
        Address(
            workspace=nudge.workspace,
            customer=customer,
            channel="email",
            value=customer.email,
            updated_at=NOW,
        )
        for customer in customers
    ]
    Address.objects.bulk_create(addresses, batch_size=1000)
    return customers


def make_due(nudge: Nudge, customers: list[Customer], occasion: str) -> None:
    """Let the program itself decide one message for each customer."""
    candidates = [
        Candidate(
            workspace=nudge.workspace,
            customer=customer,
            nudge=nudge,
            occasion=occasion,
            put_forward_at=NOW,
            not_after=NOW + timedelta(days=3),
        )
        for customer in customers
    ]
    Candidate.objects.bulk_create(candidates, batch_size=1000)
    Waiting.objects.bulk_create(
        [
            Waiting(candidate=one, workspace_id=one.workspace_id, customer_id=one.customer_id, due_at=NOW)
            for one in candidates
        ],
        batch_size=1000,
    )
    while decide_nudges(now=NOW).done:
        pass
    assert Message.objects.filter(state="decided").count() == len(customers)


def send_ours(number: int) -> Cost:
    """Send what was decided by the program's own step, in this process."""
    began, own, backend = time.perf_counter(), time.process_time(), backend_seconds()
    sent = send_all()
    assert sent == number, f"{sent} of {number} were sent"
    return Cost(number, time.perf_counter() - began, time.process_time() - own, backend_seconds() - backend)


def send_all() -> int:
    """Send until nothing is due; returns how many."""
    sent = 0
    while (counts := send_messages(now=NOW))["taken"]:
        sent += counts["sent"]
    return sent


def send_some(number: int) -> None:
    """Send about as many as this."""
    sent = 0
    while sent < number and (counts := send_messages(now=NOW))["taken"]:
        sent += counts["sent"]


def prepare_texts(nudge: Nudge, customers: list[Customer]) -> list[tuple[str, bytes]]:
    """The same mails written beforehand: address and text, as the server gets them from ours."""
    make_due(nudge, customers, "prepared")
    written = write_letters(read_claimed(list(Message.objects.values_list("pk", flat=True))), now=NOW)
    assert not written.failed
    Message.objects.update(state="cancelled", next_attempt_at=None)
    return [
        (letter.message.address, write_mime(envelope_of(letter, supplies=Supplies(), now=NOW)))
        for letter in written.letters
    ]


def parts_of_one() -> dict[str, str]:
    """The words of one mail, for senders that make mails of their own."""
    [letter] = write_letters(read_claimed([Message.objects.values_list("pk", flat=True)[0]]), now=NOW).letters
    return {"text": letter.words.text, "html": letter.words.html}


def send_bare(port: int, texts: list[tuple[str, bytes]]) -> Cost:
    """The reference: nothing but smtplib, one kept connection, texts that were prepared."""
    began, own = time.perf_counter(), time.process_time()
    with smtplib.SMTP("127.0.0.1", port) as server:
        for address, text in texts:
            server.sendmail(SENDER, [address], text)
    return Cost(len(texts), time.perf_counter() - began, time.process_time() - own, 0)


def backend_seconds() -> float:
    """CPU seconds of this connection's database process, where it runs on this machine."""
    connection.ensure_connection()
    stat = Path(f"/proc/{connection.connection.get_backend_pid()}/stat")
    if not stat.exists():
        return 0.0
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / 100
