"""Claimed messages → letters → envelopes: all that is worded before a hand-over begins."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from engagement.statements import among
from nudges.channels import Envelope, Refused
from nudges.channels.email import sender
from nudges.entries import entries_of
from nudges.flows import runs_of
from nudges.models import Decision, Message, NudgeContent, Promise
from nudges.reasons import Reason
from nudges.sending.rechecking import Obstacle
from nudges.sending.supplying import Supplies
from nudges.variants import variant_of, words_of
from nudges.watching import watched
from nudges.wording import (
    Aborted,
    BadWording,
    Known,
    MissingData,
    Rendered,
    Subject,
    choose_content,
    languages_of,
    links_of,
    read_known,
    render,
)

logger = logging.getLogger(__name__)


# Of which nudge, variant, channel and languages the words are.
Chosen = dict[tuple[int, str, str, tuple[str, ...]], NudgeContent]


class Letter(NamedTuple):
    """A message with the words that its customer gets."""

    message: Message
    words: Rendered


class Written(NamedTuple):
    """Messages with their words; those that cannot be worded, which fail alone; those that their own words end."""

    letters: list[Letter]
    failed: list[tuple[Message, Refused]]
    ended: list[tuple[Message, Obstacle]]


def write_letters(messages: Sequence[Message], *, now: datetime) -> Written:
    """The words of each message."""
    candidates = [message.candidate_id for message in messages]
    decisions = among(Decision.objects.all(), "candidate_id", candidates)
    stages = dict(decisions.values_list("candidate_id", "stage"))
    entries, runs = entries_of(candidates), runs_of(candidates)
    subjects = [
        Subject(
            message.customer,
            message.customer_need,
            stages.get(message.candidate_id, ""),
            entries.get(message.candidate_id),
            runs.get(message.candidate_id),
        )
        for message in messages
    ]
    workspaces = {message.workspace_id: message.workspace for message in messages}
    written = Written([], [], [])
    chosen: Chosen = {}
    for message, known in zip(messages, read_known(workspaces, subjects, now=now), strict=True):
        match _word(message, known, chosen):
            case Rendered() as words:
                written.letters.append(Letter(message, words))
            case Refused() as refused:
                written.failed.append((message, refused))
            case Obstacle() as obstacle:
                written.ended.append((message, obstacle))
    return written


def envelope_of(letter: Letter, *, supplies: Supplies, now: datetime) -> Envelope:
    """What a channel gets to hand over."""
    message = letter.message
    words = watched(message, letter.words, supplies.watchers.get(message.pk))
    workspace = message.workspace
    return Envelope(
        dispatch_id=message.dispatch_id,
        workspace_id=message.workspace_id,
        message_id=message.pk,
        nudge_id=message.nudge_id,
        category=message.category.slug,
        address=message.address,
        sender=sender(workspace.sender_name or workspace.name, workspace.sender_email),
        subject=words.subject,
        text=words.text,
        html=words.html,
        language=words.language,
        is_service=message.promise == Promise.SERVICE,
        now=now,
        not_after=message.not_after,
        customer=message.customer.external_id or "",
        unsubscribe_url=words.unsubscribe_url,
        link=words.link,
        link_label=words.link_label,
        answer_url=words.answer_url,
        extras=words.extras,
        device=supplies.device_of(message),
        account=supplies.account_of(message),
    )


def _word(message: Message, known: Known, chosen: Chosen) -> Rendered | Refused | Obstacle:
    """The words of the customer's variant, which the message bears from now on, whatever becomes of them."""
    variant = variant_of(message.nudge, message.customer_id)
    message.variant, message.variant_chance = (variant.key, variant.share) if variant else ("", None)
    try:
        return render(
            content=_content(message, known, chosen),
            known=known,
            channel=message.channel,
            promise=message.promise,
            category=message.category.name,
            links=links_of(message.pk, message.customer),
        )
    except Aborted as aborted:
        return Obstacle(Reason.ABORTED, f"words:{aborted.why}", None)
    except MissingData as error:
        return Refused(f"missing data: {error.what}", permanent=True)
    except BadWording as error:
        return Refused(str(error), permanent=True)
    except Exception as error:  # a fault of ours: this message waits for its repair and holds up no other
        logger.exception("message %s cannot be worded", message.pk)
        return Refused(f"cannot be worded: {type(error).__name__}", permanent=False)


def _content(message: Message, known: Known, chosen: Chosen) -> NudgeContent:
    """The words that it takes: chosen once for all messages that are alike in what the choice hangs on."""
    languages = tuple(languages_of(known))
    alike = (message.nudge_id, message.variant, message.channel, languages)
    if alike not in chosen:
        words = words_of(message.nudge.contents.all(), message.variant)
        chosen[alike] = choose_content(words, channel=message.channel, languages=languages)
    return chosen[alike]
