"""Step 2, need and stage inferred: new events → customers' needs and stage changes, with their evidence.

`signs` and `matching` say what an event means to which need, `signals` and `stories` what follows from it (all pure),
`telling` goes through the events of a chunk, `keeping` and `reconciling` write, `steps` puts it together.
"""

from journeys.inferring.steps import infer_needs, lapse_needs, rebuild_needs

__all__ = ["infer_needs", "lapse_needs", "rebuild_needs"]
