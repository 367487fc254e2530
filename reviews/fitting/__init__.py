"""Fit for people like you, learned from published reviews in the background. `reviews.fits` reads what this writes.

`overdue` finds products whose reviews changed, `learning` is the step that takes them, `topics` learns how much each
attribute matters, `sheets` adds up the reviews of a product and of its category, `answers` reads the reviews.
"""
