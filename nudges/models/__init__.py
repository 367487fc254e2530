"""Nudges, caps, and the ledger: candidates, decisions, messages, replies."""

from nudges.models.contents import Approval, Picture, Refusal, Snippet, SnippetUse, SnippetVersion
from nudges.models.delivery import ChannelAccount, Circuit, Per, Quota, Reach, Throughput
from nudges.models.dry_runs import DryRun, DryRunState
from nudges.models.entries import Entry, EntryState
from nudges.models.flows import (
    EndedBy,
    Flow,
    FlowRun,
    FlowState,
    FlowTally,
    FlowTrigger,
    FlowVersion,
    ReEntry,
    RunState,
)
from nudges.models.ledger import Candidate, Decision, DecisionTally, Outcome, PushTally, Waiting
from nudges.models.limits import Cap, CapScope, Policy, Preference, Pressure, WindowKind
from nudges.models.messages import Message, MessageState, StaffTask
from nudges.models.nudges import (
    Broadcast,
    BroadcastState,
    Interest,
    Nudge,
    NudgeContent,
    NudgeStatus,
    OnCap,
    Promise,
    Purpose,
    Trigger,
)
from nudges.models.replies import InboundText, NudgeWorth, Reception, Reply, ReplyKind
from nudges.models.requests import ExperienceTime
from nudges.models.watching import Hit, HitKind, SeenAs, Watch, Watched

__all__ = [
    "Approval",
    "Broadcast",
    "BroadcastState",
    "Candidate",
    "Cap",
    "CapScope",
    "ChannelAccount",
    "Circuit",
    "Decision",
    "DecisionTally",
    "DryRun",
    "DryRunState",
    "EndedBy",
    "Entry",
    "EntryState",
    "ExperienceTime",
    "Flow",
    "FlowRun",
    "FlowState",
    "FlowTally",
    "FlowTrigger",
    "FlowVersion",
    "Hit",
    "HitKind",
    "InboundText",
    "Interest",
    "Message",
    "MessageState",
    "Nudge",
    "NudgeContent",
    "NudgeStatus",
    "NudgeWorth",
    "OnCap",
    "Outcome",
    "Per",
    "Picture",
    "Policy",
    "Preference",
    "Pressure",
    "Promise",
    "Purpose",
    "PushTally",
    "Quota",
    "ReEntry",
    "Reach",
    "Reception",
    "Refusal",
    "Reply",
    "ReplyKind",
    "RunState",
    "SeenAs",
    "Snippet",
    "SnippetUse",
    "SnippetVersion",
    "StaffTask",
    "Throughput",
    "Trigger",
    "Waiting",
    "Watch",
    "Watched",
    "WindowKind",
]
