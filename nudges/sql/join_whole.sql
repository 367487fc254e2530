-- For the statements that read only the run's own tables: join and group them whole. Nothing is known about their
-- contents, and taking "the k-th candidates without a reason" for one row, the planner would look everything up one by
-- one, and sort where thousands of rows are better hashed.
SELECT set_config('enable_nestloop', 'off', true), set_config('enable_sort', 'off', true)
