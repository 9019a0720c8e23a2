DROP TABLE IF EXISTS scratch.items;
CREATE TABLE scratch.items (
  id integer PRIMARY KEY,
  name text NOT NULL,
  price numeric(10, 2),
  made date,
  tags text[],
  data jsonb,
  raw bytea
);
INSERT INTO scratch.items
SELECT i, 'item ' || i, i * 1.25, date '2020-01-01' + i, ARRAY['a' || i, NULL, 'x,"y"'], jsonb_build_object('n', i),
  decode(lpad(to_hex(i), 8, '0'), 'hex')
FROM generate_series(1, 1000) AS i;
