"""Reads: where customers are with their needs, and why."""

from __future__ import annotations

from journeys.evidence import install_default_evidence

__all__ = ["install_default_evidence"]
