import { expect, test } from "vitest";
import { analyser } from "#test/support/analysis.ts";
import { SNAPSHOT } from "#test/support/masking.ts";

const analyse = await analyser(SNAPSHOT);

test.each([
  ["'jit', 'off'", true],
  ["'jit', $1", true],
  ["'jit', note", false],
  ["'role', $1", false],
  ["'ROLE', $1", false],
  ["'search_path', $1", false],
  ["'client_encoding', $1", false],
  ["$1, $2", false],
])("set_config(%s, false) can be followed: %s", (args, complete) => {
  const facts = analyse(`SELECT set_config(${args}, false) FROM public.patients`).statements[0]?.facts;
  expect(facts?.complete).toBe(complete);
});
