-- Grafana: panels, variables, the query builder.
-- Written from what the program is known to send.
-- as: engineer

SELECT floor(extract(epoch from admitted_at)/86400)*86400 AS "time", count(*) AS "visits" FROM encounters WHERE admitted_at BETWEEN '2026-01-01T00:00:00Z' AND '2026-02-01T00:00:00Z' GROUP BY 1 ORDER BY 1;

SELECT date_trunc('day', admitted_at) AS "time", kind AS metric, count(*) AS value FROM encounters WHERE admitted_at >= to_timestamp(1767225600) AND admitted_at < to_timestamp(1769904000) GROUP BY 1, 2 ORDER BY 1, 2;

SELECT quote_ident(table_name) FROM information_schema.tables WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog', '_timescaledb_cache') AND CASE WHEN array_length(regexp_split_to_array('public.encounters', '\.'), 1) = 2 THEN quote_ident(table_schema) = (parse_ident('public.encounters'))[1] ELSE quote_ident(table_schema) IN (SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END FROM generate_series(array_lower(string_to_array(current_setting('search_path'), ','), 1), array_upper(string_to_array(current_setting('search_path'), ','), 1)) AS i, string_to_array(current_setting('search_path'), ',') s) END ORDER BY 1;

SELECT quote_ident(column_name) AS "column", data_type AS "type" FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'encounters' ORDER BY ordinal_position;

SELECT current_setting('server_version_num')::int/100 as version;

SELECT extversion FROM pg_extension WHERE extname = 'timescaledb';

SELECT DISTINCT name AS __text, id AS __value FROM departments ORDER BY 1;

SELECT now() IS NOT NULL AS "time", 1 AS value;
