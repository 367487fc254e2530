"""What customers write back by SMS or WhatsApp: a command takes effect at once, all else is kept for people to read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import translation
from django.utils.translation import gettext as _

from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.models import Address, Customer, Workspace
from engagement.people.locks import taken_again
from engagement.suppressing import lift_suppression, suppress_address
from nudges.commands import START, STOP, UNDO, command_of, words_for
from nudges.hearing.replying import hear_reply, undo_reply
from nudges.hearing.sentences import what_changed
from nudges.links import reply_urls
from nudges.models import InboundText, Message, MessageState, Reply, ReplyKind

# An answer means the last message that went to the number within this time.
ANSWERS_WITHIN = timedelta(days=14)
UNDO_WITHIN = timedelta(days=2)
STOPPED = "stopped"
LONGEST_TEXT = 4_000


@dataclass(frozen=True, slots=True)
class IncomingText:
    """One message as a provider reports it; `provider_id` is its own and the same when it reports twice.

    `opt_out` is what the provider itself has made of it already: stop, start or help.
    """

    channel: str
    address: str
    text: str
    provider_id: str
    opt_out: str = ""


@taken_again
def hear_text(*, workspace: Workspace, incoming: IncomingText, now: datetime) -> str:
    """Take a message; returns what to write back in the customer's language, or nothing. Again, it does nothing."""
    owner = _owner_of(workspace, incoming)
    message = _answered(workspace, incoming, now=now)
    command = incoming.opt_out or command_of(incoming.text)
    kept, is_new = InboundText.objects.get_or_create(
        workspace=workspace,
        channel=incoming.channel,
        provider_id=incoming.provider_id,
        defaults={
            "customer": owner,
            "message": message,
            "address": incoming.address,
            "text": incoming.text.replace("\x00", "")[:LONGEST_TEXT],
            "command": command,
            "at": now,
        },
    )
    if not is_new:
        return ""
    language = (owner.locale if owner else "") or workspace.locale
    with translation.override(language.partition("-")[0]):
        answer = _obey(workspace, incoming, command, message, language, now=now)
    if owner is not None:
        _tell(kept, owner, now=now)
    return "" if incoming.opt_out else answer


def mark_seen(*, text_id: int, is_seen: bool, now: datetime) -> None:
    """Somebody of the team has dealt with a text, or it waits again. Safe to repeat: the first time stays."""
    row = InboundText.objects.filter(pk=text_id)
    if is_seen:
        row.filter(seen_at=None).update(seen_at=now)
    else:
        row.update(seen_at=None)


def _obey(
    workspace: Workspace,
    incoming: IncomingText,
    command: str,
    message: Message | None,
    language: str,
    *,
    now: datetime,
) -> str:
    words = words_for(language)
    match command:
        case "stop":
            suppress_address(
                workspace_id=workspace.pk,
                channel=incoming.channel,
                value=incoming.address,
                reason=STOPPED,
                source=incoming.channel,
                now=now,
            )
            return _("You will get no more messages here. Write %(word)s if you want them again.") % {
                "word": words[START]
            }
        case "start":
            lift_suppression(
                workspace_id=workspace.pk,
                channel=incoming.channel,
                value=incoming.address,
                reason=STOPPED,
                now=now,
            )
            return _("You get messages here again. Write %(word)s to end them.") % {"word": words[STOP]}
        case "help":
            return _("%(shop)s writes to you here. Answers: %(words)s. %(stop)s ends it.") % {
                "shop": workspace.name,
                "words": ", ".join(words[kind] for kind in ReplyKind.values),
                "stop": words[STOP],
            }
        case "undo":
            return _undo(message, now=now)
        case _ if command in ReplyKind.values and message is not None:
            reply = hear_reply(message_id=message.pk, kind=command, detail={}, now=now)
            back = _("Write %(word)s to take it back.") % {"word": words[UNDO]}
            more = reply_urls(message.pk)[command] if command == ReplyKind.CHANGED else ""
            return f"{what_changed(reply)} {back} {more}".strip()
        case _:
            return ""


def _undo(message: Message | None, *, now: datetime) -> str:
    """Take back the last answer to the message; it must be young, for the word alone does not say which."""
    standing = (
        Reply.objects.filter(message=message, undone_at=None, at__gt=now - UNDO_WITHIN)
        .order_by("-at")
        .first()
        if message
        else None
    )
    return what_changed(undo_reply(reply_id=standing.pk, now=now)) if standing else ""


def _owner_of(workspace: Workspace, incoming: IncomingText) -> Customer | None:
    """Who has this number; of several, who was told of last."""
    known = (
        Address.objects.filter(workspace=workspace, channel=incoming.channel, value=incoming.address)
        .select_related("customer")
        .order_by("-updated_at", "-id")
        .first()
    )
    return known.customer if known else None


def _answered(workspace: Workspace, incoming: IncomingText, *, now: datetime) -> Message | None:
    """The message that is answered: the last one to this number."""
    return (
        Message.objects.filter(
            workspace=workspace,
            channel=incoming.channel,
            address=incoming.address,
            sent_at__gt=now - ANSWERS_WITHIN,
            state__in=(MessageState.SENT, MessageState.DELIVERED),
        )
        .order_by("-sent_at", "-id")
        .first()
    )


def _tell(kept: InboundText, owner: Customer, *, now: datetime) -> None:
    event = SystemEvent(
        customer_id=owner.pk,
        name="Text Received",
        message_id=f"text-received:{kept.pk}",
        occurred_at=now,
        properties={"channel": kept.channel, "text": kept.text, "command": kept.command},
    )
    record_events(workspace_id=kept.workspace_id, events=[event], now=now)
