-- For this transaction: look rows up by their indexes, however many there are. The planner takes the run's own tables for
-- smaller or larger than they are and would now and then read a table of millions for a chunk of thousands, or its whole
-- index to merge the two. Plans are made once for a connection, not five times over before one is kept: what they
-- depend on is steered here and does not change with the chunk.
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_mergejoin', 'off', true),
    set_config('random_page_cost', '1.1', true), set_config('work_mem', '64MB', true),  -- sorts of a chunk stay in memory
    set_config('plan_cache_mode', 'force_generic_plan', true)
