// The judge of the crash test, judged: what it must find, it finds.

import { expect, test } from "vitest";
import { executed, unrecorded } from "#test/crash/oracle.ts";

const AT = "2026-11-20 10:00:00.000 UTC [42] bench@bench";
const LOG = [
  `${AT} postern/aaa/engineer LOG:  statement: SELECT 7 AS n_7`,
  `${AT} postern/aaa/engineer LOG:  execute <unnamed>: INSERT INTO executed (id) VALUES ($1) RETURNING id AS n_8`,
  `${AT} postern/aaa/engineer DETAIL:  Parameters: $1 = '8'`,
  `${AT} postern/bbb/engineer LOG:  execute again: SELECT count(*) AS again FROM executed WHERE id = $1`,
  `${AT} postern/bbb/engineer LOG:  execute again: SELECT count(*) AS again FROM executed WHERE id = $1`,
  `${AT} [unknown] LOG:  statement: SELECT 1`,
].join("\n");
const account = (numbers: number[], again = 0) => ({ numbers: new Set(numbers), again });

test("the log is read by session", () => {
  const target = executed(LOG);
  expect(target.get("postern/aaa/engineer")).toEqual(account([7, 8]));
  expect(target.get("postern/bbb/engineer")).toEqual(account([], 2));
});

test("nothing is missing when evidence has it all, or more", () => {
  const evidence = new Map([
    ["aaa", account([7, 8, 9])],
    ["bbb", account([], 3)],
  ]);
  expect(unrecorded(executed(LOG), evidence)).toEqual([]);
});

test("a lost statement, a lost run and a lost session are named", () => {
  expect(
    unrecorded(
      executed(LOG),
      new Map([
        ["aaa", account([7])],
        ["bbb", account([], 2)],
      ]),
    ),
  ).toEqual(["postern/aaa/engineer: statement 8"]);
  expect(
    unrecorded(
      executed(LOG),
      new Map([
        ["aaa", account([7, 8])],
        ["bbb", account([], 1)],
      ]),
    ),
  ).toHaveLength(1);
  expect(unrecorded(executed(LOG), new Map([["aaa", account([7, 8])]]))).toHaveLength(1);
});

test("what one session recorded does not excuse another", () => {
  expect(
    unrecorded(
      executed(LOG),
      new Map([
        ["aaa", account([])],
        ["bbb", account([7, 8], 2)],
      ]),
    ),
  ).toHaveLength(2);
});
