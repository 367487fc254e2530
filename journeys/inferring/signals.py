"""What a sign means to an instance after the ones before it: its signals, and what is remembered for the next. Pure."""

from __future__ import annotations

from journeys.filtering import POST_PURCHASE, RISING
from journeys.inferring.instances import (
    FRESH_AFTER,
    MOST_IN_CART,
    MOST_SAID,
    MOST_SEEN,
    NEAR,
    Instance,
    Mark,
    Table,
)
from journeys.inferring.signs import (
    FIRST_VIEW,
    FURTHER_PRODUCT,
    PRODUCT_VIEWED,
    PUT_INTO_CART,
    SECOND_PRODUCT,
    SEEN_AGAIN,
    TAKEN_FROM_CART,
    Sign,
)


def mark_of(stage: int, sign: Sign) -> Mark:
    """The mark of a sign that is certain: it needs no weight."""
    return Mark(stage, 0.0, sign.event_id, sign.at, sign.name, sign.signal, sign.subject)


def is_fresh(now: Instance, sign: Sign, table: Table) -> bool:
    """Whether evidence after a purchase is of a new need: long enough after it, and not about what was bought."""
    return (
        now.stage == POST_PURCHASE
        and now.ordered_at is not None
        and sign.at >= now.ordered_at + FRESH_AFTER
        and {sign.subject, *sign.skus}.isdisjoint(now.bought)
        and speaks_for_a_need(table, sign)
    )


def speaks_for_a_need(table: Table, sign: Sign) -> bool:
    signals = (FIRST_VIEW, sign.signal) if sign.signal == PRODUCT_VIEWED else (sign.signal,)
    return any(
        stage in RISING and weight > 0 for signal in signals for stage, weight in table.get(signal, ())
    )


def signals_of(now: Instance, sign: Sign) -> list[str]:
    """The signals that a sign gives to this instance: its own once a day for each subject, and the derived ones."""
    said = now.said if now.day == sign.at.date().isoformat() else ()
    signals = [sign.signal] if f"{sign.signal}|{sign.subject}" not in said else []
    if sign.signal != PRODUCT_VIEWED or not sign.subject:
        return signals
    if not now.seen:
        return [*signals, FIRST_VIEW]
    last = dict(now.seen).get(sign.subject)
    if last is None:
        near = sum(sign.at - seen_at <= NEAR for _, seen_at in now.seen)
        if near > 1:
            signals.append(FURTHER_PRODUCT)
        elif near and SECOND_PRODUCT not in said:
            signals.append(SECOND_PRODUCT)
    elif last.date() < sign.at.date():
        signals.append(SEEN_AGAIN)
    return signals


def remember(now: Instance, sign: Sign, signals: list[str]) -> None:
    """Keep what later signs are compared with: what was said today, the products seen, what is in the cart."""
    day = sign.at.date().isoformat()
    said = now.said if now.day == day else ()
    new = dict.fromkeys(
        (f"{sign.signal}|{sign.subject}", *(each for each in signals if each == SECOND_PRODUCT))
    )
    now.day, now.said = day, (*said, *(text for text in new if text not in said))[-MOST_SAID:]
    if not sign.subject:
        return
    if sign.signal == PRODUCT_VIEWED:
        others = tuple(pair for pair in now.seen if pair[0] != sign.subject)
        now.seen = ((sign.subject, sign.at), *others)[:MOST_SEEN]
    elif sign.signal in PUT_INTO_CART:
        now.cart = (*(sku for sku in now.cart if sku != sign.subject), sign.subject)[-MOST_IN_CART:]
    elif sign.signal == TAKEN_FROM_CART:
        now.cart = tuple(sku for sku in now.cart if sku != sign.subject)
