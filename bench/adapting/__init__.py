"""What `bench adaptive` needs."""
