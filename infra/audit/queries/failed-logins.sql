-- Failed logins: names that were claimed, from where, how often, and why they were turned away.
-- For: 45 CFR 164.308(a)(5)(ii)(C), 164.312(d)
-- Parameters: from, to
SELECT postern.claimed AS claimed, src_endpoint.ip AS address, target, postern.code AS code, count(*) AS attempts,
  from_unixtime(min(time) / 1000e0) AS first_at, from_unixtime(max(time) / 1000e0) AS last_at
FROM events
WHERE date BETWEEN ? AND ? AND postern.type = 'session.refused'
GROUP BY postern.claimed, src_endpoint.ip, target, postern.code
ORDER BY attempts DESC, claimed, address, target, code
