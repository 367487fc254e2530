"""The story of one customer's need: signs in, stages out. Pure, incremental and deterministic.

A story is told sign by sign in the order (occurred_at, event id). All that it must remember between two runs is in
`Instance`, which is kept with the customer's need, so that going on from there gives what telling it from the start
would give, to the last bit. Time alone changes a story too (it lapses); such a change has its own exact moment, worked
out from the last sign, and so does not depend on when somebody looked.
"""

from __future__ import annotations

from datetime import datetime

from journeys.filtering import (
    BOUGHT,
    NONE,
    POST_PURCHASE,
    RETURNED,
    RISING,
    SHORTLIST,
    drift,
    shown_stage,
    spread,
    weigh,
)
from journeys.inferring.instances import (
    DAY,
    FRESH_AFTER,
    LAPSED,
    LIFETIME,
    MOST_IN_CART,
    MOST_ORDERS,
    RESOLVED,
    REST,
    SILENCE,
    TOP,
    Change,
    Instance,
    Mark,
    Order,
    Table,
    add_mark,
    best,
    due_at,
    marks_for,
    opened,
)
from journeys.inferring.signals import is_fresh, mark_of, remember, signals_of, speaks_for_a_need
from journeys.inferring.signs import (
    REMEMBERED,
    Kind,
    Sign,
)


class Story:
    """The instances of one need of one customer, oldest first, and the changes told since the story was loaded.

    `settled` of the instances are past: nothing that is told from here on touches them.
    """

    def __init__(
        self, table: Table, instances: list[Instance] | None = None, settled: int | None = None
    ) -> None:
        self.table = table
        self.instances = instances or []
        self.changes: list[Change] = []
        self.is_touched = False
        self.settled = max(0, len(self.instances) - 1) if settled is None else settled

    @property
    def current(self) -> Instance | None:
        return self.instances[-1] if self.instances else None

    @property
    def told(self) -> list[Instance]:
        """The instances that may have changed since the story was loaded."""
        return self.instances[self.settled :]

    def up_to(self, at: datetime) -> list[Instance]:
        """The instances that were past at a moment: all before the one that had been opened last by then."""
        begun = [each for each in self.instances if each.opened_at <= at]
        return begun[:-1]

    def resumes(self, at: datetime) -> tuple[datetime, int]:
        """From which event on, as (time, id), a story has to be told again for the sake of a moment."""
        begun = [each for each in self.instances if each.opened_at <= at]
        return (begun[-1].opened_at, begun[-1].opened_by) if begun else (at, 0)

    def is_late(self, sign: Sign) -> bool:
        """Whether the story has already been told beyond this sign, which makes a retelling necessary."""
        return self.knows(sign) and self.current is not None and sign.at < self.current.told_until

    def knows(self, sign: Sign) -> bool:
        """Whether a sign of this kind can mean anything here, whatever came before it."""
        return sign.kind is not Kind.EVIDENCE or sign.signal in self.table or sign.signal in REMEMBERED

    def hears(self, sign: Sign) -> bool:
        """Whether the sign means anything now; what is not heard leaves no trace at all."""
        if not self.knows(sign):
            return False
        now = self.current
        if sign.of_basket:
            return now is not None and bool(now.cart)
        if sign.kind is Kind.UNDO:
            return now is not None and any(order.id == sign.order_id for order in now.orders)
        return True

    def advance(self, until: datetime) -> None:
        """Let time pass up to `until`: lapse, dormancy and closing happen at their own moments."""
        while (now := self.current) and (due := due_at(now)) and due <= until:
            self.is_touched = True
            self._lapse(now, due)

    def apply(self, sign: Sign) -> bool:
        """Take the next sign of the story; the caller has made sure that it is not late.

        False: it left no trace now, but would have after another past, so what comes in before it is late.
        """
        if not self.hears(sign):
            return not self.knows(sign)
        self.is_touched = True
        if self.current and sign.at - self.current.as_of >= DAY:
            self.advance(sign.at)
        if sign.kind is Kind.EVIDENCE:
            return self._take_evidence(sign)
        if sign.kind is Kind.ORDER:
            return self._take_order(sign)
        if sign.kind is Kind.UNDO:
            return self._take_undoing(sign)
        return self._take_word(sign)

    def _open(self, sign: Sign) -> Instance:
        new = opened(self.current.sequence + 1 if self.current else 1, sign.at, sign.event_id)
        self.instances.append(new)
        return new

    def _show(self, now: Instance, stage: int, sign: Sign, evidence: tuple[Mark, ...]) -> None:
        """Set the shown stage; a change of it is told with the marks that mattered."""
        now.probability = now.belief[stage]
        if stage != now.stage:
            self.changes.append(
                Change(now.sequence, now.stage, stage, now.probability, sign.at, sign.event_id, evidence)
            )
            now.stage, now.stage_since, now.evidence = stage, sign.at, evidence

    def _lapse(self, now: Instance, due: datetime) -> None:
        """Do what silence does at `due`: fall back to "none" and sleep, or close."""
        now.told_until = due
        if due >= now.as_of + LIFETIME:
            close(now, due, RESOLVED if now.stage == POST_PURCHASE else LAPSED)
            return
        now.dormant_since = due
        if now.stage == NONE:
            return
        days = (due - now.as_of) / DAY
        probability = drift(now.belief, days)[NONE]
        silence = (Mark(NONE, 0.0, 0, due, "", SILENCE, str(round(days))),)
        self.changes.append(Change(now.sequence, now.stage, NONE, probability, due, None, silence))
        now.stage, now.stage_since, now.probability = NONE, due, probability
        now.evidence, now.marks = silence, ()

    def _take_evidence(self, sign: Sign) -> bool:
        now = self.current
        if now is None or now.closed_at or is_fresh(now, sign, self.table):
            now = self._begin(now, sign)
            if now is None:
                return False
        signals = signals_of(now, sign)
        remember(now, sign, signals)
        now.belief = drift(now.belief, (sign.at - now.as_of) / DAY)
        now.as_of = now.told_until = sign.at
        told = [(signal, *pair) for signal in signals for pair in self.table.get(signal, ())]
        if told:
            now.belief = weigh(now.belief, spread([(stage, weight) for _, stage, weight in told]))
        for signal, stage, weight in told:
            add_mark(now, Mark(stage, weight, sign.event_id, sign.at, sign.name, signal, sign.subject))
        if any(weight > 0 for _, _, weight in told):
            now.dormant_since = None
        stage = shown_stage(now.stage, now.belief)
        self._show(now, stage, sign, marks_for(now, stage) if stage != now.stage else ())
        return True

    def _begin(self, now: Instance | None, sign: Sign) -> Instance | None:
        """Open a new instance if the sign is worth one; None when it is not."""
        if not speaks_for_a_need(self.table, sign):
            return None
        if now and now.closed_at and now.closed_by_word and sign.at < now.closed_at + REST:
            return None
        if now and not now.closed_at:
            close(now, sign.at, RESOLVED)
        return self._open(sign)

    def _take_order(self, sign: Sign) -> bool:
        """An order is certain: the need is bought, whatever was believed."""
        now = self.current
        again = (
            now and now.stage == POST_PURCHASE and now.ordered_at and sign.at >= now.ordered_at + FRESH_AFTER
        )
        if now and again and not now.closed_at:
            close(now, sign.at, RESOLVED)
        if now is None or now.closed_at:
            now = self._open(sign)
        skus = sign.skus or now.cart
        others = tuple(order for order in now.orders if order.id != sign.order_id)
        now.orders = (*others, Order(sign.order_id, skus))[-MOST_ORDERS:]
        now.bought = tuple(dict.fromkeys((*now.bought, *skus)))[-MOST_IN_CART:]
        now.cart = tuple(sku for sku in now.cart if sku not in skus)
        now.belief, now.as_of, now.told_until, now.ordered_at = BOUGHT, sign.at, sign.at, sign.at
        now.flag, now.dormant_since = "", None
        decisive = mark_of(POST_PURCHASE, sign)
        before = best(each for each in now.marks if each.stage in RISING and each.weight > 0)
        self._show(now, POST_PURCHASE, sign, (decisive, *before)[:TOP])
        return True

    def _take_undoing(self, sign: Sign) -> bool:
        """A full refund or a cancellation takes an order back; without any order left the customer chooses again."""
        now = self.current
        assert now is not None, "an undoing is heard only by a story that knows the order"
        now.told_until = sign.at
        order = next(order for order in now.orders if order.id == sign.order_id)
        others = tuple(each for each in now.orders if each.id != sign.order_id)
        kept = tuple(sku for sku in order.skus if sku not in sign.skus)
        if sign.skus and kept:
            now.orders = (*others, Order(order.id, kept))
            return True
        now.orders = others
        if others or now.closed_at:
            return True
        now.belief, now.as_of, now.flag, now.bought = RETURNED, sign.at, sign.reason, ()
        now.ordered_at = now.dormant_since = None
        self._show(now, SHORTLIST, sign, (mark_of(SHORTLIST, sign),))
        return True

    def _take_word(self, sign: Sign) -> bool:
        """The need was closed, snoozed or reopened by a person; a word about an earlier instance is past."""
        now = self.current
        if now is None or (sign.sequence is not None and sign.sequence != now.sequence):
            return False
        now.told_until = sign.at
        if sign.kind is Kind.CLOSE and not now.closed_at:
            close(now, sign.at, sign.reason or RESOLVED, by_word=True)
        elif sign.kind is Kind.SNOOZE:
            now.snoozed_until = sign.until
        elif sign.kind is Kind.REOPEN and now.closed_by_word:
            reopen(now, sign.at)
        return True


def close(now: Instance, at: datetime, reason: str, *, by_word: bool = False) -> None:
    now.told_until = now.closed_at = at
    now.closed_reason, now.closed_by_word = reason, by_word


def reopen(now: Instance, at: datetime) -> None:
    """Open again what a word had closed, as it stood; silence is counted from here."""
    now.belief, now.as_of = drift(now.belief, (at - now.as_of) / DAY), at
    now.closed_at, now.closed_reason, now.closed_by_word = None, "", False
