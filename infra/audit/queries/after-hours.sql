-- After hours: sessions that began on a Saturday or Sunday, or outside the hours given, in the time zone given.
-- For: 45 CFR 164.308(a)(1)(ii)(D)
-- Parameters: zone, opens, closes, from, to
WITH asked AS (
  SELECT CAST(? AS varchar) AS zone, CAST(? AS integer) AS opens, CAST(? AS integer) AS closes
),
opened AS (
  SELECT time, target, actor."user".name AS person, postern.session AS session, postern.application AS application,
    src_endpoint.ip AS address
  FROM events
  WHERE date BETWEEN ? AND ? AND postern.type = 'session.opened'
),
local AS (
  SELECT o.*, a.opens, a.closes, at_timezone(from_unixtime(o.time / 1000e0), a.zone) AS local_time
  FROM opened o CROSS JOIN asked a
)
SELECT local_time, day_of_week(local_time) AS iso_weekday, target, person, application, address, session
FROM local
WHERE day_of_week(local_time) > 5 OR hour(local_time) < opens OR hour(local_time) >= closes
ORDER BY time, session
