import { expect, test } from "vitest";
import type { SnapshotFunction } from "#shared/catalog.ts";
import { analyser } from "#test/support/analysis.ts";
import { SNAPSHOT } from "#test/support/masking.ts";

const SET_CONFIG: SnapshotFunction = {
  oid: 2078,
  schema: "pg_catalog",
  name: "set_config",
  args: [25, 25, 16],
  returns: 25,
  returnsSet: false,
  outputs: [],
  language: "internal",
  kind: "f",
  volatility: "v",
  securityDefiner: false,
};

const analyse = await analyser({ ...SNAPSHOT, functions: [SET_CONFIG] });

test.each([
  ["'jit', 'off'", true],
  ["'jit', $1", true],
  ["'jit', note", false],
  ["'role', $1", false],
  ["'ROLE', $1", false],
  ["'search_path', $1", false],
  ["'client_encoding', $1", false],
  ["$1, $2", false],
])("set_config(%s, false) can be followed: %s", (args, followed) => {
  const facts = analyse(`SELECT set_config(${args}, false) FROM public.patients`).statements[0]?.facts;
  expect(facts?.gaps.some((gap) => gap.reason === "setting")).toBe(!followed);
});
