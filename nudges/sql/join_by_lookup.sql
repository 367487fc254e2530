-- For the statements that look up in tables of millions what belongs to a chunk of thousands.
SELECT set_config('enable_nestloop', 'on', true), set_config('enable_sort', 'on', true)
