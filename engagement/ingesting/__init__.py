"""Step 1, event in: who is meant, and the events themselves, durable when these functions return.

An event is taken once, however often and with whatever timestamps it is sent: by its message id. The events of one
customer get ids that rise in the order in which they were committed, so a reader may keep "the last id I read" per
customer.
"""

from engagement.ingesting.grouping import ingest_together
from engagement.ingesting.recording import record_events
from engagement.ingesting.rejecting import Rejection, reject_events
from engagement.ingesting.taking import ingest_events
from engagement.ingesting.writing import Ingested

__all__ = ["Ingested", "Rejection", "ingest_events", "ingest_together", "record_events", "reject_events"]
