"""JSON for integrators."""
