"""Reviews for elsewhere: sheets, JSON lines, and the feeds that Google and Meta fetch. Streamed, a chunk at a time."""
