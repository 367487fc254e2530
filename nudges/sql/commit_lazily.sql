-- For this transaction: its commit need not wait for the disk. Nothing leaves the house before a later commit that does wait
-- (the claim of what is sent), and what is on disk then has all that came before it. A server that breaks down in between has
-- not decided, and decides again.
SELECT set_config('synchronous_commit', 'off', true)
