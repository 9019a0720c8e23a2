-- Activity: for each day and person, sessions, commands, refusals, rows, and protected cells in clear.
-- For: 45 CFR 164.308(a)(1)(ii)(D)
-- Parameters: from, to
WITH lines AS (
  SELECT date, target, time, postern.session AS session, actor."user".name AS person, postern.type AS type, postern."rows" AS result_rows,
    postern.masks AS masks
  FROM events
  WHERE date BETWEEN ? AND ? AND actor."user".name IS NOT NULL
),
clear AS (
  SELECT l.date, l.target, l.person, sum(l.masks[u.i].clear) AS cells_clear
  FROM lines l
  CROSS JOIN UNNEST(CASE WHEN cardinality(l.masks) > 0 THEN sequence(1, cardinality(l.masks)) END) AS u (i)
  GROUP BY l.date, l.target, l.person
)
SELECT l.date, l.target, l.person, count(DISTINCT l.session) AS sessions, count_if(l.type = 'finished') AS commands,
  count_if(l.type IN ('refused', 'violation')) AS refusals, 
  coalesce(sum(CASE WHEN l.type = 'finished' THEN l.result_rows END), 0) AS result_rows,
  coalesce(max(c.cells_clear), 0) AS cells_clear
FROM lines l
LEFT JOIN clear c ON c.date = l.date AND c.target = l.target AND c.person = l.person
GROUP BY l.date, l.target, l.person
ORDER BY l.date, l.target, l.person
