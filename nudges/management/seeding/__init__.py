"""The demo's workspace, part by part; `manage.py seed_demo` puts the parts together.

What it is about stands in demo/data/*.json, which the demo shop reads too. Everything is made through the functions
that the doors use, in one transaction, and from one seeded random generator: two machines get the same people.

    ground.py     the workspace, who works in it, keys, categories, catalogue
    helping.py    needs, guides, reviews
    speaking.py   caps, policy, nudges
    people.py     customers and what they did in the last sixty days
    days.py       the flow, run through the last of those days
"""
