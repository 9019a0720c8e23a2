-- Activity reviews: which sessions were sampled by which head of the ledger, who attested that they looked, with which findings, and what was overdue.
-- For: 45 CFR 164.308(a)(1)(ii)(D)
-- Parameters: from, to
WITH changes AS (
  SELECT time, postern.id AS id, postern.since AS since, postern.until AS until, postern.head.size AS head_size,
    postern.head.root AS head_root, json_extract_scalar(postern.totals, '$.sessions') AS sessions,
    cardinality(postern.sample) AS sampled, postern.dueAt AS due, json_extract_scalar(postern.change, '$.type') AS what,
    json_extract_scalar(postern.change, '$.by.name') AS reviewer,
    json_extract_scalar(postern.change, '$.findings') AS findings,
    json_extract_scalar(postern.change, '$.concern') AS concern
  FROM events
  WHERE date BETWEEN ? AND ? AND postern.type = 'activity-review.changed'
)
SELECT id, from_unixtime(since / 1000e0) AS period_from, from_unixtime(until / 1000e0) AS period_until, head_size, head_root,
  sessions, sampled, from_unixtime(due / 1000e0) AS due,
  max(CASE WHEN what = 'attested' THEN reviewer END) AS attested_by,
  max(CASE WHEN what = 'attested' THEN findings END) AS findings,
  max(CASE WHEN what = 'attested' THEN concern END) AS concern,
  max(CASE WHEN what = 'attested' THEN from_unixtime(time / 1000e0) END) AS attested_at,
  count_if(what = 'overdue') > 0 AS was_overdue
FROM changes
GROUP BY id, since, until, head_size, head_root, sessions, sampled, due
ORDER BY period_until, id
