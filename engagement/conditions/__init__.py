"""The one language in which conditions are written: on segments, nudges, guides, and any other choice of customers.

A condition is JSON: leaves such as `{"trait": "plan", "is": "gold"}`, joined by `{"all": [...]}`, `{"any": [...]}` and
`{"not": {...}}`; `{}` fits everyone. docs/conditions.md lists every leaf. Upper floors add kinds of leaves by
`settings.CONDITION_LEAVES`. User data reaches the database as parameters only.
"""

from engagement.conditions.events import describe_events, describe_window, fitting_events
from engagement.conditions.leaves import Leaf
from engagement.conditions.problems import ConditionError, Problem
from engagement.conditions.trees import (
    check_condition,
    compile_condition,
    customers_matching,
    describe_condition,
)

__all__ = [
    "ConditionError",
    "Leaf",
    "Problem",
    "check_condition",
    "compile_condition",
    "customers_matching",
    "describe_condition",
    "describe_events",
    "describe_window",
    "fitting_events",
]
