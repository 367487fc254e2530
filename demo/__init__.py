"""A small outdoor shop and a mailbox, to try Touchstone on. Neither knows its code: they speak HTTP and SMTP."""
