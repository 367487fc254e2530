"""The program in the order in which it happens. Read this first.

Each step reads rows that the one before wrote, is idempotent and restartable, and takes work in chunks, so any number
of workers may run any step at once. The clock runs each every `seconds`; the end-to-end test runs them in this order.
Step 1, event in, is not here: it happens in the request (`engagement.ingesting`), before the answer.
"""

from __future__ import annotations

from typing import NamedTuple


class Step(NamedTuple):
    """One step of the flow: where it is, how often the clock runs it, and what it does."""

    task: str
    seconds: float
    what: str


STEPS = [
    Step("journeys.tasks.infer_needs", 1, "new events → needs, stages, stage changes with evidence"),
    Step("reviews.tasks.absorb_merges", 1, "customers found to be one → their reviews joined"),
    Step("reviews.tasks.tally_ratings", 1, "published and taken-back reviews → the figures that readers see"),
    Step("engagement.tasks.learn_facts", 1, "replies, reviews and traits → facts about the customer"),
    Step("nudges.tasks.absorb_merges", 1, "customers found to be one → their messages and pressure joined"),
    Step("nudges.tasks.consider_stage_changes", 1, "stage changes → candidates"),
    Step("nudges.tasks.consider_events", 1, "new events → customers let in to the nudges that these start"),
    Step("nudges.tasks.consider_entries", 1, "those let in whose time has come → candidates"),
    Step(
        "nudges.tasks.consider_fitting", 1, "customers with news who fit a flow's condition → ask to come in"
    ),
    Step(
        "nudges.tasks.sweep_fitting", 5, "a slice of all customers: who came to fit as time passed → the same"
    ),
    Step(
        "nudges.tasks.advance_flows",
        1,
        "those who ask to come into flows, and those inside → their next steps",
    ),
    Step("nudges.tasks.consider_broadcasts", 1, "running broadcasts → candidates, a chunk at a time"),
    Step("nudges.tasks.decide_nudges", 1, "due candidates → decisions, messages, pressure"),
    Step("nudges.tasks.send_messages", 1, "due messages → sent, with what became of each"),
    Step(
        "nudges.tasks.reconcile_claims",
        30,
        "claims of dead workers → retried or unknown, by what the channel can do",
    ),
    Step("engagement.tasks.deliver_webhooks", 1, "announced changes → the company's own programs are told"),
    Step(
        "nudges.tasks.judge_hits", 10, "what fetched watched pictures and links → opens and clicks of people"
    ),
]

UPKEEP = [
    Step("engagement.tasks.make_partitions", 3600, "event partitions ahead; old ones dropped by retention"),
    Step(
        "engagement.tasks.tell_owners",
        30,
        "webhook endpoints switched off by themselves → owners are told why",
    ),
    Step("engagement.tasks.forget_announcements", 600, "what endpoints were told 30 days ago → forgotten"),
    Step("engagement.tasks.forget_keys", 3600, "expired message ids, rejected events, idempotency records"),
    Step(
        "reviews.tasks.learn_fit",
        5,
        "changed reviews → how a product fitted people alike, and what matters for it",
    ),
    Step("reviews.tasks.find_overdue_fit", 600, "reviews that changed unmarked → marks for learn_fit"),
    Step("nudges.tasks.forget_hits", 3600, "what fetched pictures and links 90 days ago → forgotten"),
    Step("nudges.tasks.keep_ledger", 3600, "old decisions → forgotten by retention; the ledger's next part"),
    Step("nudges.tasks.fold_tallies", 60, "what was decided, counted in pieces → one count each"),
    Step(
        "nudges.tasks.lapse_tasks", 300, "calls and visits that nobody did in their time → failed, slots free"
    ),
    Step("nudges.tasks.weigh_nudges", 600, "replies → what each nudge is worth to those who get it"),
    Step(
        "reviews.tasks.consult_programs",
        10,
        "reviews, questions, answers that wait → asked about at the company's own program",
    ),
    Step("reviews.tasks.tell_authors", 30, "reviews turned down → their authors are told why"),
    Step("reviews.tasks.ask_owners", 30, "published questions → put to owners who agreed, as events"),
    Step("reviews.tasks.tell_askers", 30, "published answers → who asked is told"),
    Step("reviews.tasks.forget_unconfirmed_questions", 3600, "questions that nobody confirmed → forgotten"),
    Step("reviews.tasks.forget_drafts", 3600, "drafts that nobody came back to → forgotten"),
    Step("reviews.tasks.forget_photos", 600, "photos of deleted reviews → files deleted"),
    Step("reviews.tasks.work_on_imports", 1, "uploaded files → checked, imported, undone, a chunk at a time"),
    Step("reviews.tasks.forget_imports", 3600, "lines of files that were imported long ago → forgotten"),
    Step("reviews.tasks.forget_unconfirmed", 3600, "reviews that nobody confirmed → forgotten"),
    Step("journeys.tasks.publish_due_guides", 30, "guides whose time has come → readers"),
    Step("journeys.tasks.lapse_needs", 600, "needs without news → dormant, closed"),
]
