-- Denied: what was refused to whom, and why: by policy, by analysis, at the login, or because the protocol was broken.
-- For: 45 CFR 164.308(a)(1)(ii)(D), 164.312(a)(1)
-- Parameters: from, to
SELECT from_unixtime(time / 1000e0) AS at, target, coalesce(actor."user".name, postern.claimed) AS person,
  postern.session AS session, postern.type AS what, postern.code AS code, postern.sqlstate AS sqlstate, postern.why AS why
FROM events
WHERE date BETWEEN ? AND ? AND postern.type IN ('refused', 'violation', 'session.refused')
ORDER BY time, postern.session, postern.seq
