"""Comparisons side by side, each with a reference that does the least that can be done. `make bench` runs all."""
