// Where masking counted cells that were shown, the evidence has to say whose: a disclosure that is left out, or bent, is found and named.
import { describe, expect, test } from "vitest";
import type { EvidenceEvent } from "#shared/evidence/event.ts";
import { DisclosureWalk } from "#shared/evidence/verify-disclosures.ts";
import { BadEvidence } from "#shared/evidence/verify-types.ts";

const opened = (disclosureKey?: number) =>
  ({
    type: "session.opened",
    source: { address: "", port: 0 },
    application: "",
    tls: "",
    authentication: "",
    credential: "",
    ...(disclosureKey === undefined ? {} : { disclosureKey }),
  }) satisfies EvidenceEvent;
const decision = { outcome: "permit", policies: [], why: "", version: "", reveal: [] } as const;
const statement = { type: "statement", phase: "query", text: "", fingerprint: "", facts: [], decision } as const;
const disclosure = {
  type: "disclosure",
  ref: 2,
  domain: "person",
  classes: ["name"],
  relations: ["public.patients"],
  keyVersion: 1,
  subjects: ["00112233445566778899aabbccddeeff"],
  complete: true,
  untold: 0,
} as const;
const tally = { column: "full_name", classes: ["name"], mask: "clear", masked: 0, clear: 3, subjects: true } as const;
const done = { type: "finished", ref: 2, tag: "SELECT 3", rows: 3, bytes: 9, sqlstate: "00000", micros: 1 } as const;
const finished = { ...done, masks: [tally] };

/** What is wrong with a session of these events; null when nothing is. */
function wrong(...events: readonly EvidenceEvent[]): string | null {
  const walk = new DisclosureWalk();
  try {
    for (const [i, event] of events.entries()) {
      const seq = i + 1;
      const line = { session: "s", seq, prev: "", time: 0, target: "clinic", user: null, event };
      walk.saw(line, { key: "k", session: "s", seq });
    }
    return null;
  } catch (error) {
    if (!(error instanceof BadEvidence)) throw error;
    return `${error.place.seq}: ${error.message}`;
  }
}

describe("disclosures are complete", () => {
  test("when each result that showed somebody's record has one, before its end", () => {
    expect(wrong(opened(1), statement, disclosure, finished, disclosure, disclosure, finished)).toBeNull();
    expect(
      wrong(opened(1), statement, { ...disclosure, subjects: [], complete: false, untold: 2 }, finished),
    ).toBeNull();
  });

  test("when nothing was shown, or nobody's record", () => {
    const { subjects: _, ...nobody } = tally;
    expect(wrong(opened(1), statement, { ...done, masks: [{ ...tally, clear: 0 }] })).toBeNull();
    expect(wrong(opened(1), statement, { ...done, masks: [nobody] })).toBeNull();
  });

  test("in sessions of gateways that recorded none, nothing is missed", () => {
    expect(wrong(opened(), statement, finished)).toBeNull();
  });

  test("else the place is named", () => {
    expect(wrong(opened(1), statement, finished)).toMatch(/^3: column full_name .*disclosures-complete/);
    expect(wrong(opened(1), statement, disclosure, finished, finished)).toMatch(/^5: .*disclosures-complete/);
    expect(wrong(opened(1), statement, finished, disclosure)).toMatch(/^3: /);
    expect(wrong(opened(1), statement, statement, { ...disclosure, ref: 3 }, finished)).toMatch(/^5: /);
  });
});

test.each([
  ["of a statement that there is not", { ref: 4 }, /no event 4/],
  ["of another key", { keyVersion: 2 }, /another key/],
  ["that is complete and is not", { untold: 3 }, /contradicts/],
  ["of nobody", { subjects: [] }, /contradicts/],
  ["of subjects of nothing", { domain: null }, /contradicts/],
  ["of a subject in clear", { subjects: ["7"] }, /no subject/],
])("a disclosure %s is found", (_, change, what) => {
  expect(wrong(opened(1), statement, { ...disclosure, ...change })).toMatch(what);
});
