-- Approvals: each answer to a request, by whom, over which channel; and what became of the request.
-- For: 45 CFR 164.308(a)(4)(ii)(B), 164.312(b)
-- Parameters: from, to
WITH changes AS (
  SELECT time, postern.seq AS seq, postern.id AS id, postern.requester AS requester, postern.target AS asked_target, postern.status AS status,
    postern.change AS change
  FROM events
  WHERE date BETWEEN ? AND ? AND postern.type = 'approval.changed'
),
outcome AS (
  SELECT id, max_by(status, ROW(time, seq)) AS status FROM changes GROUP BY id
)
SELECT from_unixtime(c.time / 1000e0) AS at, c.id, c.asked_target AS target, c.requester,
  json_extract_scalar(c.change, '$.type') AS what,
  json_extract_scalar(c.change, '$.answer.by.name') AS answered_by,
  json_extract_scalar(c.change, '$.answer.decision') AS answer,
  json_extract_scalar(c.change, '$.answer.channel') AS channel,
  json_extract_scalar(c.change, '$.answer.authentication') AS authentication,
  coalesce(json_extract_scalar(c.change, '$.answer.reason'), json_extract_scalar(c.change, '$.reason'),
    json_extract_scalar(c.change, '$.why')) AS reason,
  o.status AS outcome
FROM changes c
JOIN outcome o ON o.id = c.id
WHERE json_extract_scalar(c.change, '$.type') IN ('answered', 'approved', 'denied', 'expired', 'cancelled', 'spent', 'notification-failed')
ORDER BY c.time, c.seq, c.id
