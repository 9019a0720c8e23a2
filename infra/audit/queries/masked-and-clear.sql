-- Masked against clear: for each protected column, how many cells people saw masked and how many in clear.
-- For: 45 CFR 164.502(b), 164.514(d), 164.312(a)(1)
-- Parameters: from, to
WITH finished AS (
  SELECT target, actor."user".name AS person, postern.masks AS masks
  FROM events
  WHERE date BETWEEN ? AND ? AND postern.type = 'finished'
),
columns_shown AS (
  SELECT f.target, f.person, f.masks[u.i] AS shown
  FROM finished f
  CROSS JOIN UNNEST(CASE WHEN cardinality(f.masks) > 0 THEN sequence(1, cardinality(f.masks)) END) AS u (i)
)
SELECT target, person, shown.column AS column_name, array_join(shown.classes, ',') AS classes, shown.mask AS mask,
  sum(shown.masked) AS cells_masked, sum(shown.clear) AS cells_clear
FROM columns_shown
GROUP BY target, person, shown.column, array_join(shown.classes, ','), shown.mask
ORDER BY cells_clear DESC, cells_masked DESC, target, person, column_name
