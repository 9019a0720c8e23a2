SELECT
  true AS bool, 'x'::"char" AS char1, 'name'::name AS name, 'text ünïcode ☃'::text AS text, 'var'::varchar(5) AS varchar,
  'bp'::char(4) AS bpchar, (-32768)::int2 AS int2, 2147483647::int4 AS int4, (-9223372036854775808)::int8 AS int8,
  1.5::float4 AS float4, 0.1::float8 AS float8, 'NaN'::float8 AS nan, 12345.6789::numeric AS "numeric", 0::numeric AS zero,
  date '1987-06-05' AS date, timestamp '1987-06-05 12:34:56.789' AS "timestamp", timestamptz '1987-06-05 12:34:56+02' AS timestamptz,
  time '12:34:56' AS "time", interval '1 year 2 mons 3 days 04:05:06' AS "interval",
  '123e4567-e89b-12d3-a456-426614174000'::uuid AS uuid, '10.1.2.3'::inet AS inet, '10.0.0.0/8'::cidr AS cidr,
  '08:00:2b:01:02:03'::macaddr AS macaddr, '\x00ff10'::bytea AS bytea, B'1010'::bit(4) AS bit, '{"a": [1, null]}'::json AS json,
  '{"b": {"c": "d"}}'::jsonb AS jsonb, ARRAY[1, NULL, 3] AS ints, ARRAY['a', 'b "q" \ ,', NULL] AS texts,
  '[1,5)'::int4range AS range, NULL::text AS nothing, '' AS empty
