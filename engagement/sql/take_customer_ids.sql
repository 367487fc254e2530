-- reads: - | writes: the sequence of engagement_customer | returns: id, as many as asked for
SELECT nextval(pg_get_serial_sequence('engagement_customer', 'id')) AS id FROM generate_series(1, %(wanted)s)
