-- Superset: datasets and charts.
-- Written from what the program is known to send.
-- as: engineer

SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_%%' ORDER BY nspname;

SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind in ('r', 'p') ORDER BY 1;

SELECT DATE_TRUNC('month', admitted_at) AS admitted_at, kind AS kind, COUNT(*) AS count FROM public.encounters WHERE admitted_at >= TO_TIMESTAMP('2025-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') AND admitted_at < TO_TIMESTAMP('2026-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') GROUP BY DATE_TRUNC('month', admitted_at), kind ORDER BY count DESC, 1, 2 LIMIT 10000;

SELECT payer AS payer, sum(billed) AS "SUM(billed)", AVG(paid) AS "AVG(paid)" FROM billing.claims JOIN (SELECT payer AS payer__, sum(billed) AS mme_inner__ FROM billing.claims GROUP BY payer ORDER BY mme_inner__ DESC LIMIT 3) AS series_limit ON payer = payer__ GROUP BY payer ORDER BY "SUM(billed)" DESC LIMIT 100;

SELECT specialty FROM (SELECT DISTINCT specialty FROM public.clinicians) AS virtual_table ORDER BY specialty LIMIT 1000;

SELECT * FROM public.departments LIMIT 101;
