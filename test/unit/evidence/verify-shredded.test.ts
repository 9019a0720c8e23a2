// What is done with what is sealed: two people agreed to it, and a key that is gone was destroyed by them.
import { describe, expect, test } from "vitest";
import type { OfficerPerson } from "#shared/evidence/officers.ts";
import { Shredding } from "#shared/evidence/verify-shredded.ts";
import { BadEvidence } from "#shared/evidence/verify-types.ts";

const PIA: OfficerPerson = { name: "pia", issuer: "https://issuer.example", subject: "u-1", email: "pia@example.org" };
const ADA: OfficerPerson = { name: "ada", issuer: "https://issuer.example", subject: "u-2" };

function saw(walk: Shredding, type: "sealed.opened" | "sealed.shredded", of: string, agreed: OfficerPerson): void {
  const event = {
    type,
    id: "R1",
    of,
    target: "clinic",
    asked: { by: PIA, reason: "case 12", at: 0 },
    agreed: { by: agreed, reason: "seen", at: 1 },
    until: 2,
  } as const;
  const line = { session: "G", seq: 3, prev: "", time: 1, target: "gateway", user: null, event };
  walk.saw(line, { key: "k", session: "G", seq: 3 });
}

describe("what officers agreed on", () => {
  test.each(["sealed.opened", "sealed.shredded"] as const)("is by two: %s", (type) => {
    saw(new Shredding(), type, "S1", ADA);
    for (const same of [PIA, { ...ADA, name: "Pia" }, { ...ADA, subject: "u-1" }, { ...ADA, email: PIA.email }])
      expect(() => saw(new Shredding(), type, "S1", same as OfficerPerson)).toThrow(BadEvidence);
    expect(() => saw(new Shredding(), type, "S1", PIA)).toThrow("agreed to by whoever made it");
  });

  test("explains a key that is gone; one that nobody agreed to destroy is named", async () => {
    const walk = new Shredding();
    for (const session of ["S1", "S2", "S3"]) walk.sawLane(session);
    saw(walk, "sealed.shredded", "S1", ADA);
    saw(walk, "sealed.opened", "S2", ADA);
    const notes = await walk.notes(async (session) => session === "S3", true);
    expect(notes).toEqual([
      expect.stringMatching(/^2 sessions are shredded: .*\(S1, S2\)$/),
      expect.stringMatching(/^1 sessions are shredded, and no event says who agreed to it \(S2\)$/),
    ]);
  });
});
