-- Policies in force: each version, since when, what it replaced, and how many decisions name it.
-- For: 45 CFR 164.316(b)(1), 164.308(a)(4)
-- Parameters: from, to
WITH lines AS (
  SELECT * FROM events WHERE date BETWEEN ? AND ?
),
decided AS (
  SELECT json_extract_scalar(postern.decision, '$.version') AS version, count(*) AS decisions
  FROM lines WHERE postern.type = 'statement'
  GROUP BY json_extract_scalar(postern.decision, '$.version')
),
entered AS (
  SELECT postern.version AS version, min(time) AS time, min_by(postern.previous, time) AS previous
  FROM lines WHERE postern.type = 'policy.in_force'
  GROUP BY postern.version
)
SELECT coalesce(e.version, d.version) AS version, from_unixtime(e.time / 1000e0) AS in_force_since, e.previous,
  coalesce(d.decisions, 0) AS decisions
FROM entered e FULL OUTER JOIN decided d ON d.version = e.version
ORDER BY e.time, version
