"""What `bench smtp` is made of: the server that takes the mail, and the senders that are compared."""
