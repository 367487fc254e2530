"""What a company's own programs are told: signed, and for subscribed endpoints of every change, until they took it.

signatures   the three headers of Standard Webhooks, which channels and the moderation's own program use too
types        all that can be told of, and where on the timeline and in the audit trail it comes from
announcing   a change is written with the change itself, once for each endpoint that wants it
subscribing  endpoints made, changed, tested; what failed sent again
delivering   the step: posted, and again later what was not taken
telling      the step: owners hear of an endpoint that was switched off by itself
forgetting   the step: what was told long ago
"""

from engagement.webhooks.signatures import make_secret, signed

__all__ = ["make_secret", "signed"]
