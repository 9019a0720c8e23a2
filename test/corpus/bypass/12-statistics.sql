-- 12. Statistics, plans and what monitors the server.

-- refused 42501
SELECT most_common_vals FROM pg_stats WHERE tablename = 'patients';

-- refused 42501
SELECT histogram_bounds::text FROM pg_stats WHERE attname = 'ssn';

-- refused 42501
SELECT * FROM pg_catalog.pg_stats;

-- refused 42501
SELECT n_distinct, correlation FROM pg_stats WHERE attname = 'ssn';

-- refused 42501
SELECT stavalues1 FROM pg_statistic;

-- refused 42501
SELECT s.stavalues1::text FROM pg_statistic s JOIN pg_class c ON c.oid = s.starelid;

-- refused 42501
SELECT row_to_json(s) FROM pg_stats s;

-- refused 42501
SELECT s FROM pg_stats s;

-- refused 42501
SELECT count(*) FROM pg_stats WHERE most_common_vals::text LIKE '%{ssn}%';

-- refused 42501
SELECT * FROM pg_stats_ext;

-- refused 42501
SELECT * FROM pg_stats_ext_exprs;

-- refused 42501
SELECT stxdmcv FROM pg_statistic_ext_data;

-- refused 42501
SELECT pg_mcv_list_items(stxdmcv) FROM pg_statistic_ext_data;

-- refused 42501
SELECT query FROM pg_stat_activity;

-- refused 42501
SELECT a FROM pg_stat_activity a;

-- refused 42501
SELECT pid FROM pg_stat_activity WHERE query LIKE '%ssn%';

-- refused 42501
SELECT * FROM pg_stat_get_activity(NULL);

-- refused 42501
SELECT pg_stat_get_backend_activity(1);

-- refused 42501
SELECT statement FROM pg_prepared_statements;

-- refused 42501
SELECT statement FROM pg_cursors;

-- refused 42501
SELECT * FROM pg_prepared_statement();

-- refused 42P01
SELECT * FROM pg_stat_statements;

-- refused 42501
SELECT rolpassword FROM pg_authid;

-- refused 42501
SELECT passwd FROM pg_shadow;

-- refused 42501
SELECT * FROM pg_hba_file_rules;

-- refused 42501
SELECT umoptions FROM pg_user_mappings;

-- refused 42501
EXPLAIN (VERBOSE, SETTINGS) SELECT 1 FROM patients WHERE ssn LIKE '9%';

-- masked
EXPLAIN SELECT ssn, full_name || '' FROM patients WHERE id = 7;

-- masked
EXPLAIN (VERBOSE, COSTS off) SELECT ssn, row_to_json(p) FROM patients p WHERE id = 7;

-- masked
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off) SELECT ssn FROM patients ORDER BY id;

-- masked
EXPLAIN (ANALYZE, SERIALIZE TEXT, COSTS off, TIMING off, SUMMARY off, BUFFERS off) SELECT p FROM patients p;

-- refused 42501
-- The memory that a CTE took tells how long its values are.
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off) WITH s AS MATERIALIZED (SELECT lpad(full_name, 20000 * length(given_name)) FROM patients) SELECT count(*) FROM s;

-- masked
EXPLAIN (ANALYZE, FORMAT json, COSTS off, TIMING off, SUMMARY off, BUFFERS off) SELECT count(*) FROM (SELECT p, id FROM patients p ORDER BY id OFFSET 0) x;

-- refused 42501
EXPLAIN (ANALYZE, COSTS off) SELECT count(*) FILTER (WHERE ssn LIKE '9%') FROM patients;

-- refused 42501
EXPLAIN (ANALYZE, COSTS off) UPDATE patients SET note = ssn WHERE id = 7;

-- refused 42501
EXPLAIN ANALYZE CREATE TABLE scratch.x AS SELECT ssn FROM patients;

-- refused 42501
CREATE STATISTICS scratch.s ON ssn, phone FROM patients;

-- refused 42703
CREATE STATISTICS scratch.s ON (left(ssn, 1)) FROM patients;

-- refused 42501
SELECT * FROM pg_get_backend_memory_contexts();

-- refused 42501
SELECT pg_log_backend_memory_contexts(1);

-- refused 42501
SELECT pg_stat_reset();

-- refused 42501
LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0;

-- refused 42501
SELECT * FROM pg_logical_slot_peek_changes('s', NULL, NULL);

-- refused 42501
SELECT * FROM pg_get_loaded_modules(), heap_page_items(get_raw_page('patients', 0));

-- refused 42501
SELECT pg_relation_filepath('patients'), pg_read_binary_file(pg_relation_filepath('patients'));

-- masked
SELECT ssn, pg_get_indexdef(i.indexrelid) FROM patients, pg_index i WHERE id = 7 AND i.indrelid = 'departments'::regclass;

-- masked, as dba, scratch
-- The planner runs what calls itself immutable, and writes the result into the plan.
CREATE FUNCTION scratch.peek() RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ssn::text FROM public.patients WHERE id = 7';
EXPLAIN (VERBOSE, COSTS off) SELECT scratch.peek();
