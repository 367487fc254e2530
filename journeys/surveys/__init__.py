"""Surveys: asked with published words, answered once a round, scored by published formulae, grouped by terms."""
