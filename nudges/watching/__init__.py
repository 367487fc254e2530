"""Opens and clicks, where a workspace watches for them and the customer lets it: off until both are so.

A picture and links are put into a message as it is handed over (`wrapping`), what fetches them is written down at the
door (`noticing`), and a minute later, when what came about it is known too, judged: a person, or a machine (`judging`).
"""

from nudges.watching.choosing import DomainRefused, Watcher, change_watch, is_watched, watch_of, watchers_for
from nudges.watching.judging import forget_hits, judge_hits
from nudges.watching.noticing import may_note, notice
from nudges.watching.wrapping import WATCHED_CHANNELS, watched

__all__ = [
    "WATCHED_CHANNELS",
    "DomainRefused",
    "Watcher",
    "change_watch",
    "forget_hits",
    "is_watched",
    "judge_hits",
    "may_note",
    "notice",
    "watch_of",
    "watched",
    "watchers_for",
]
