"""What the customer meets: no session, no cookie, no dashboard code."""
