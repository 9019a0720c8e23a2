-- Break-glass: who went ahead without waiting, why, and whether somebody else has reviewed it.
-- For: 45 CFR 164.312(a)(2)(ii)
-- Parameters: from, to
WITH changes AS (
  SELECT time, postern.id AS id, postern.target AS opened_target, postern."by" AS opened_by, postern.reason AS reason,
    postern.until AS until, json_extract_scalar(postern.change, '$.type') AS what,
    json_extract_scalar(postern.change, '$.by.name') AS reviewer,
    json_extract_scalar(postern.change, '$.justified') AS justified,
    json_extract_scalar(postern.change, '$.reason') AS finding
  FROM events
  WHERE date BETWEEN ? AND ? AND postern.type = 'break-glass.changed'
)
SELECT id, opened_target AS target, opened_by, reason, from_unixtime(min(time) / 1000e0) AS opened_at,
  from_unixtime(max(until) / 1000e0) AS until,
  max(CASE WHEN what = 'reviewed' THEN reviewer END) AS reviewed_by,
  max(CASE WHEN what = 'reviewed' THEN justified END) AS justified,
  max(CASE WHEN what = 'reviewed' THEN finding END) AS finding,
  count_if(what = 'overdue') > 0 AS was_overdue
FROM changes
GROUP BY id, opened_target, opened_by, reason
ORDER BY opened_at, id
