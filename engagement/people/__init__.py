"""Who customers are: ids, merges and traits. Everything here works on sets and holds under concurrent writers."""

from engagement.people.finding import find_customer
from engagement.people.merging import merge_customers
from engagement.people.settling import Raced, settle_people

__all__ = ["Raced", "find_customer", "merge_customers", "settle_people"]
