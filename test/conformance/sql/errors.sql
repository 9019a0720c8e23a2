syntax: SELEC 1
unclosed: SELECT 'abc
column: SELECT nope FROM scratch.items
table: SELECT * FROM scratch.nope
function: SELECT nope(1)
division: SELECT 1 / (id - 1) FROM scratch.items WHERE id = 1
unique: INSERT INTO scratch.items (id, name) VALUES (1, 'again')
null: INSERT INTO scratch.items (id) VALUES (100001)
cast: SELECT 'x'::integer
overflow: SELECT 2147483647 + 1
type: SELECT 1 + true
subquery: SELECT (SELECT id FROM scratch.items)
