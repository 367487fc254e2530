-- For this transaction: its commit need not wait for the disk. Nothing leaves the house before a later commit that does wait
-- (the mark that its hand-over begins), and what is on disk then has all that came before it. A server that breaks down in
-- between has not decided or claimed, and does so again.
SELECT set_config('synchronous_commit', 'off', true)
