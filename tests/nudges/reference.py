"""Deciding once more, slow and obviously right: one customer and one candidate at a time, in plain Python.

Says for each candidate outcome, reason, rule, count and the time it would be allowed, as NUDGES.md has it. Knows
nothing of the engine: no SQL, no arrays.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

NEVER = None
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MINUTE = timedelta(minutes=1)


@dataclass
class Rule:
    name: str
    reason: str
    scope: str
    value: str
    limit: int
    seconds: int | None = None
    unit: str = ""
    floor: int | None = None


@dataclass
class Sent:
    """A message that counts."""

    at: datetime
    zone: str
    channel: str
    category: str
    interest: str
    promise: str
    need: str
    rival: int | None = None
    flow: str = ""
    is_answered: bool = False


@dataclass
class Window:
    """Hours of some days of the week (1 is Monday); `end` None is midnight."""

    days: list[int]
    start: time
    end: time | None


@dataclass
class Wish:
    """A candidate with what its nudge says."""

    id: int
    customer: int
    put_forward_at: datetime
    not_after: datetime
    channel: str
    category: str
    interest: str
    promise: str
    need: str
    priority: int
    value: float
    on_cap: str
    counts: bool
    respects_caps: bool
    relevance: int = 0
    flow: str = ""
    windows: list[Window] = field(default_factory=list)
    scheduled_at: datetime | None = None  # not decided now, but within the look-ahead


@dataclass
class Person:
    id: int
    zone: str
    own_limit: int | None = None
    paused_until: datetime | None = None
    quiet: tuple[time, time] | None = None
    allowed: bool = True
    sent: list[Sent] = field(default_factory=list)
    level: float = 1
    helped_at: list[datetime] = field(default_factory=list)


@dataclass
class Shop:
    rules: list[Rule]
    quiet: tuple[time, time] | None = None
    windows: list[Window] = field(default_factory=list)
    exempts_service: bool = False
    share_percent: int | None = None
    holdout_percent: float = 0
    salt: str = "1"
    is_adaptive: bool = False


@dataclass
class Verdict:
    outcome: str
    reason: str
    rule: str = ""
    count: int | None = None
    allowed_at: datetime | None = None
    winner: int | None = None


def decide(shop: Shop, people: list[Person], wishes: list[Wish], now: datetime) -> dict[int, Verdict]:
    """The verdict on every wish that is not only scheduled; what is sent is added to the people's messages.

    The workspace's share is why this goes by place: the first of everybody, then the second of everybody.
    """
    verdicts: dict[int, Verdict] = {}
    queues = {person.id: ranked([w for w in wishes if w.customer == person.id]) for person in people}
    for person in people:
        person.level = level_of(shop, person, now)
        for wish in queues[person.id]:
            if (verdict := gate(shop, person, wish, now)) is not None:
                verdicts[wish.id] = verdict
        queues[person.id] = [wish for wish in queues[person.id] if wish.id not in verdicts]
        for wish in [w for w in queues[person.id] if w.channel == "inbox"]:
            verdicts[wish.id] = passed(shop, person, wish)
            queues[person.id].remove(wish)
    for place in range(max(map(len, queues.values()), default=0)):
        turn = [
            (p, queues[p.id])
            for p in people
            if place < len(queues[p.id]) and not queues[p.id][place].scheduled_at
        ]
        judge_turn(shop, people, [(p, queue[place], queue[:place]) for p, queue in turn], now, verdicts)
    return {wish.id: verdicts[wish.id] for wish in wishes if not wish.scheduled_at}


def ranked(wishes: list[Wish]) -> list[Wish]:
    return sorted(
        wishes,
        key=lambda w: (
            w.promise != "service",
            w.interest != "customer",
            -w.relevance,
            -w.priority,
            -w.value,
            w.put_forward_at,
            w.id,
        ),
    )


def gate(shop: Shop, person: Person, wish: Wish, now: datetime) -> Verdict | None:
    if now > wish.not_after:
        return Verdict("suppress", "expired")
    if not person.allowed:
        return Verdict("suppress", "no_consent", "consent:" + wish.category)
    if wish.channel == "inbox" or wish.scheduled_at:
        return None
    if person.paused_until and person.paused_until > now and not is_exempt(shop, wish):
        until = sendable(shop, person, wish, person.paused_until)
        return settled("paused", "preference:pause", None, until, wish, now, waits=wish.on_cap == "defer")
    until = sendable(shop, person, wish, now)
    if until != now:
        reason = "send_window" if is_awake(shop, person, now) else "quiet_hours"
        return settled(reason, reason, None, until, wish, now, waits=True)
    return None


def judge_turn(
    shop: Shop,
    people: list[Person],
    turn: list[tuple[Person, Wish, list[Wish]]],
    now: datetime,
    verdicts: dict[int, Verdict],
) -> None:
    going = []
    for person, wish, higher in turn:
        verdict = None
        if not is_exempt(shop, wish):
            verdict = held_by_a_rule(shop, person, wish, now) or yields(shop, person, wish, higher, now)
        if verdict is None:
            going.append((person, wish))
        else:
            verdicts[wish.id] = verdict
    # Whoever serves the customer goes first: they only make room in the workspace's share.
    going.sort(
        key=lambda one: (
            one[1].interest == "business",
            -one[1].priority,
            -one[1].value,
            one[1].put_forward_at,
            one[1].id,
        )
    )
    for person, wish in going:
        if over_share(shop, people, person, wish, now):
            verdicts[wish.id] = Verdict("suppress", "workspace_budget", "business_share")
            continue
        verdicts[wish.id] = passed(shop, person, wish)
        if wish.counts:
            newest = max([now, *(one.at for one in person.sent)])
            person.sent.append(
                Sent(
                    newest,
                    person.zone,
                    wish.channel,
                    wish.category,
                    wish.interest,
                    wish.promise,
                    wish.need,
                    rival=wish.id,
                )
            )


def over_share(shop: Shop, people: list[Person], person: Person, wish: Wish, now: datetime) -> bool:
    if shop.share_percent is None or wish.interest != "business":
        return False
    pushed = [
        one
        for somebody in people
        for one in somebody.sent
        if one.at > now - 30 * DAY and not (one.rival is not None and held_out(shop, somebody, one.promise))
    ]
    business = sum(one.interest == "business" for one in pushed)
    return 100 * (business + 1) > shop.share_percent * (len(pushed) + 1)


def held_by_a_rule(shop: Shop, person: Person, wish: Wish, now: datetime) -> Verdict | None:
    held = []
    was_held = False
    for rule in rules_for(shop, person, wish):
        counting = [
            (free, one)
            for one in person.sent
            if rule.scope == "any" or getattr(one, rule.scope) == getattr(wish, rule.scope)
            if (free := frees_at(one, rule, person.zone)) > now
        ]
        if len(counting) >= rule.limit:
            frees = sorted((free for free, _one in counting), reverse=True)
            until = frees[rule.limit - 1] if rule.limit else NEVER
            rivals = [one.rival for _free, one in counting if one.rival is not None]
            held.append((rule, len(counting), until, rivals))
            was_held |= sum(one.rival is None for _free, one in counting) >= rule.limit
    if not held:
        return None
    # What no waiting helps against first, then the one that frees last.
    far = datetime.max.replace(tzinfo=now.tzinfo)
    rule, count, until, rivals = min(
        held,
        key=lambda h: (
            not (h[0].reason == "business_budget" or h[0].limit == 0),
            -(h[2] or far).timestamp(),
            h[0].name,
        ),
    )
    reason = rule.reason if was_held else "outranked"
    waits = wish.on_cap == "defer" and rule.reason != "business_budget" and until is not None
    until = until and sendable(shop, person, wish, until)
    return settled(reason, rule.name, count, until, wish, now, waits=waits)


def yields(shop: Shop, person: Person, wish: Wish, higher: list[Wish], now: datetime) -> Verdict | None:
    """Whether sending this now would take the last slot of a better one at the time for which that is scheduled."""
    if not wish.counts:
        return None
    for high in [one for one in higher if one.scheduled_at and not is_exempt(shop, one)]:
        at = high.scheduled_at
        assert at is not None
        others = [
            as_sent(one, person, one.scheduled_at)
            for one in higher
            if one is not high and one.counts and one.scheduled_at and one.scheduled_at <= at
        ]
        held = []
        for rule in rules_for(shop, person, wish):
            if not bears(rule, high) or not same_subject(rule, high, wish):
                continue
            used = [
                one
                for one in person.sent + others
                if same_subject(rule, one, wish) and frees_at(one, rule, person.zone) > at
            ]
            takes = frees_at(as_sent(wish, person, now), rule, person.zone) > at
            if takes and len(used) == rule.limit - 1:
                held.append(
                    (-frees_at(as_sent(high, person, at), rule, person.zone).timestamp(), rule.name, rule)
                )
        if held:
            _sooner, _name, rule = min(held)
            until = sendable(shop, person, wish, frees_at(as_sent(high, person, at), rule, person.zone))
            waits = wish.on_cap == "defer" and rule.reason != "business_budget"
            return settled("outranked", rule.name, rule.limit, until, wish, now, waits=waits)
    return None


def as_sent(wish: Wish, person: Person, at: datetime) -> Sent:
    return Sent(
        at, person.zone, wish.channel, wish.category, wish.interest, wish.promise, wish.need, rival=wish.id
    )


def same_subject(rule: Rule, one: Sent | Wish, wish: Wish) -> bool:
    return rule.scope == "any" or getattr(one, rule.scope) == getattr(wish, rule.scope)


def rules_for(shop: Shop, person: Person, wish: Wish) -> list[Rule]:
    """The rules that bear on a wish, with the limits that they have for this person."""
    rules = [rule for rule in shop.rules if bears(rule, wish)]
    if person.own_limit is not None:
        rules.append(
            Rule("preference:max_per_week", "own_cap", "any", "", person.own_limit, seconds=7 * 86400)
        )
    return [lowered(rule, person.level) for rule in rules]


def lowered(rule: Rule, level: float) -> Rule:
    """A rule with a floor lies so far above it as the level says, halves up."""
    if rule.floor is None:
        return rule
    span = rule.limit - rule.floor
    steps = max(n for n in range(span + 1) if n - 0.5 <= level * span)
    limit = rule.floor + steps
    return replace(rule, limit=limit, reason="adapted") if limit < rule.limit else rule


def level_of(shop: Shop, person: Person, now: datetime) -> float:
    """The published formula, from everything that was sent to this person and their helpful replies."""
    if not shop.is_adaptive or held_out(shop, person, ""):
        return 1
    sent = [one for one in person.sent if one.at > now - 90 * DAY]
    answered = [one.at for one in sent if one.is_answered]
    good = sum(2 ** -(max(now - at, 0 * DAY) / (15 * DAY)) for at in person.helped_at)
    against = 0.0
    for one in sent:
        age = max(now - one.at, 0 * DAY)
        against += 0.25 * 2 ** -(age / (3 * DAY))
        if one.promise != "service" and age >= 3 * DAY and all(one.at > at for at in answered):
            against += 2 ** -(age / (15 * DAY))
    return float(round((2 + good) / (2 + good + against), 4))


def bears(rule: Rule, wish: Wish) -> bool:
    if rule.scope == "any":
        return True
    subject = getattr(wish, rule.scope)
    return subject != "" and rule.value in ("", subject)


def settled(
    reason: str,
    rule: str,
    count: int | None,
    until: datetime | None,
    wish: Wish,
    now: datetime,
    *,
    waits: bool,
) -> Verdict:
    if waits and until is not None:
        if max(until, now + MINUTE) > wish.not_after:
            return Verdict("suppress", "expired", rule, count, until)
        return Verdict("defer", reason, rule, count, until)
    return Verdict("suppress", reason, rule, count, until)


def passed(shop: Shop, person: Person, wish: Wish) -> Verdict:
    if in_holdout(shop, person, wish):
        return Verdict("suppress", "holdout", "holdout")
    return Verdict("send", "sent")


def is_exempt(shop: Shop, wish: Wish) -> bool:
    return wish.promise == "service" and not wish.respects_caps and shop.exempts_service


def in_holdout(shop: Shop, person: Person, wish: Wish) -> bool:
    return held_out(shop, person, wish.promise)


def held_out(shop: Shop, person: Person, promise: str) -> bool:
    digest = hashlib.sha256(f"{shop.salt}{person.id}".encode()).hexdigest()
    return promise != "service" and int(digest[:15], 16) % 10000 < shop.holdout_percent * 100


def frees_at(one: Sent, rule: Rule, zone: str) -> datetime:
    if rule.seconds is not None:
        return one.at + timedelta(seconds=rule.seconds)
    return max(next_period(one.at, rule.unit, zone), next_period(one.at, rule.unit, one.zone))


def next_period(at: datetime, unit: str, zone: str) -> datetime:
    """The first midnight (local) of the next day, week or month."""
    day = at.astimezone(ZoneInfo(zone)).date()
    if unit == "day":
        begins = day + DAY
    elif unit == "week":
        begins = day + (7 - day.weekday()) * DAY
    else:
        begins = (day.replace(day=1) + 32 * DAY).replace(day=1)
    return datetime.combine(begins, time(), tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))


def awake(shop: Shop, person: Person, at: datetime) -> datetime:
    """The first minute from `at` on that is in nobody's quiet hours, found by looking (twice: one end in the other)."""
    for _again in range(2):
        ends = [
            at,
            *(
                end
                for hours in (shop.quiet, person.quiet)
                if hours and (end := night_end(at, hours, person.zone))
            ),
        ]
        at = max(ends)
    return at


def sendable(shop: Shop, person: Person, wish: Wish, at: datetime) -> datetime | None:
    """The first moment from `at` on in nobody's quiet hours and in all windows, by looking at each quarter."""
    hours = [wish.windows, [] if wish.promise == "service" else shop.windows]
    if not any(hours):
        return awake(shop, person, at)
    moment = at
    while moment <= at + 14 * DAY:
        if is_awake(shop, person, moment) and all(is_open(some, moment, person.zone) for some in hours):
            return moment
        moment += 15 * MINUTE - timedelta(seconds=moment.timestamp() % 900)
    return NEVER


def is_awake(shop: Shop, person: Person, at: datetime) -> bool:
    return not any(hours and night_end(at, hours, person.zone) for hours in (shop.quiet, person.quiet))


def is_open(windows: list[Window], at: datetime, zone: str) -> bool:
    here = at.astimezone(ZoneInfo(zone))
    return not windows or any(
        here.isoweekday() in one.days
        and one.start <= here.time()
        and (one.end is None or here.time() < one.end)
        for one in windows
    )


def night_end(at: datetime, hours: tuple[time, time], zone: str) -> datetime | None:
    begin, end = hours
    here = ZoneInfo(zone)
    today = at.astimezone(here).date()
    for day in (today, today - DAY):
        last = day if end > begin else day + DAY
        since = datetime.combine(day, begin, tzinfo=here)
        until = datetime.combine(last, end, tzinfo=here)
        # A doubled hour: the later one ends the night.
        until = until.replace(fold=1) if until.replace(fold=1).timestamp() > until.timestamp() else until
        if since.timestamp() <= at.timestamp() < until.timestamp():
            return until.astimezone(ZoneInfo("UTC"))
    return None
