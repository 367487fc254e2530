"""A shop that uses Touchstone as any shop would: over HTTP, with a key."""
