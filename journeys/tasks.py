"""Thin tasks: read the clock, call one step, return its counts."""
