-- Sessions without end: begun, and neither closed nor recovered. They run still, or recovery has not come by.
-- For: 45 CFR 164.312(b), 164.312(a)(2)(iii)
-- Parameters: from, to
SELECT postern.session AS session, target, max(actor."user".name) AS person, from_unixtime(min(time) / 1000e0) AS first_at,
  from_unixtime(max(time) / 1000e0) AS last_at, count(*) AS events
FROM events
WHERE date BETWEEN ? AND ?
GROUP BY postern.session, target
HAVING count_if(postern.type IN ('session.closed', 'session.recovered', 'session.refused')) = 0
ORDER BY first_at, session
