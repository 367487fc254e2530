"""Where a customer stands with each need, and what guides them there."""
