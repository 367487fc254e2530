"""Step 3, over time: customers ask to come into flows, are let in or refused, and go on from step to step."""

from nudges.flowing.advancing import advance_flows
from nudges.flowing.moving import end_flow, pause_flow, resume_flow, take_out
from nudges.flowing.publishing import create_flow, drop_draft, publish_flow, rename_flow, save_draft

__all__ = [
    "advance_flows",
    "create_flow",
    "drop_draft",
    "end_flow",
    "pause_flow",
    "publish_flow",
    "rename_flow",
    "resume_flow",
    "save_draft",
    "take_out",
]
