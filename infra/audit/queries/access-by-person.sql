-- Access by person: which statements somebody ran, or an agent ran for them; how often, with how many rows.
-- For: 45 CFR 164.308(a)(1)(ii)(D), 164.312(b)
-- Parameters: person, from, to
WITH asked AS (
  SELECT CAST(? AS varchar) AS person
),
lines AS (
  SELECT * FROM events WHERE date BETWEEN ? AND ?
),
sessions AS (
  SELECT l.postern.session AS session, l.postern.principal.name AS name, l.postern.principal.actsFor AS acts_for
  FROM lines l CROSS JOIN asked a
  WHERE l.postern.seq = 1 AND (l.postern.principal.name = a.person OR l.postern.principal.actsFor = a.person)
),
runs AS (
  SELECT postern.session AS session, postern.ref AS ref, count(*) AS runs, sum(postern."rows") AS result_rows
  FROM lines WHERE postern.type = 'finished' GROUP BY postern.session, postern.ref
)
SELECT from_unixtime(l.time / 1000e0) AS first_at, s.name AS person, s.acts_for, l.target, s.session,
  json_extract_scalar(l.postern.decision, '$.outcome') AS decision, l.query_info.query_string AS statement,
  coalesce(r.runs, 0) AS runs, coalesce(r.result_rows, 0) AS result_rows
FROM lines l
JOIN sessions s ON s.session = l.postern.session
LEFT JOIN runs r ON r.session = l.postern.session AND r.ref = l.postern.seq
WHERE l.postern.type = 'statement'
ORDER BY l.time, s.session, l.postern.seq
