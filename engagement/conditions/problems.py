"""What is wrong with a condition: where, and what to write instead."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """`path` leads to the spot, such as `all[0].within`; `message` says what is wrong and what would be right."""

    path: str
    message: str

    def inside(self, path: str) -> Problem:
        """The same problem, seen from the condition around it."""
        return Problem(join(path, self.path), self.message)


class ConditionError(ValueError):
    """A condition that cannot be compiled; `problems` says why."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(
            "; ".join(f"{problem.path or 'condition'}: {problem.message}" for problem in problems)
        )


def join(path: str, rest: str) -> str:
    """`all[0]` and `within` make `all[0].within`."""
    return f"{path}.{rest}" if path and rest and not rest.startswith("[") else path + rest
