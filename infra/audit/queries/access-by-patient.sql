-- Access by patient: who saw records of one person in clear, when, what, and for which purpose. The subject is what `postern disclosures --subject KEY --hashes` prints.
-- For: 45 CFR 164.528, 164.312(b)
-- Parameters: subject, from, to
WITH asked AS (
  SELECT CAST(? AS varchar) AS subject
),
lines AS (
  SELECT * FROM events WHERE date BETWEEN ? AND ?
),
shown AS (
  SELECT l.postern.session AS session, l.postern.ref AS ref, min(l.time) AS first_time
  FROM lines l CROSS JOIN asked a
  WHERE l.postern.type = 'disclosure' AND contains(l.postern.subjects, a.subject)
  GROUP BY l.postern.session, l.postern.ref
),
opened AS (
  SELECT postern.session AS session, postern.principal.name AS name, postern.principal.actsFor AS acts_for, postern.purpose AS purpose
  FROM lines WHERE postern.seq = 1
)
SELECT from_unixtime(s.first_time / 1000e0) AS first_at, o.name AS person, o.acts_for, o.purpose, l.target, s.session,
  l.query_info.query_string AS statement
FROM shown s
JOIN lines l ON l.postern.session = s.session AND l.postern.seq = s.ref
LEFT JOIN opened o ON o.session = s.session
ORDER BY s.first_time, s.session, s.ref
