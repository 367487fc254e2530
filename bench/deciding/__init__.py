"""What the benchmarks of deciding share: a shop with a history, the bare insert, and the per-recipient pattern."""
