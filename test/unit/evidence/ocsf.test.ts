// Every kind of line against the published schema of OCSF 1.6.
import { describe, expect, it } from "vitest";
import type { ApprovalUse, EvidenceEvent, SessionIdentity } from "#shared/evidence/event.ts";
import { LineWriter } from "#shared/evidence/line.ts";
import { readLine } from "#shared/evidence/line-read.ts";
import { ENGINEER, execute, finished, OPENED, STATEMENT } from "#test/support/evidence.ts";
import { ocsfProblems } from "#test/support/ocsf.ts";

const by = { name: "privacy", issuer: "https://issuer.example", subject: "u-2" };
const word = { by, reason: "case 12", at: 1 };
const officers = { id: "01R", of: "01S", target: "clinic", asked: word, agreed: word, until: 2 };

const USE: ApprovalUse = {
  id: "01R",
  digest: "ab",
  requester: { name: "engineer", issuer: "i", subject: "s" },
  needed: [{ group: "dba", quorum: 1 }],
  escalated: [],
  answers: [],
  approvedAt: 1,
  validUntil: 2,
  through: { kind: "window", id: "01Q" },
};
const IMAGES = { type: "images", ref: 2, relation: "public.patients", before: null, after: null } as const;
const LET_BEYOND: EvidenceEvent = { ...IMAGES, beyond: true, approval: USE };

const change = { type: "cancelled", at: 1, by: "engineer", why: "the client left" } as const;
const HELD = { facts: [], decision: { outcome: "hold", policies: [], why: "", version: "ab", reveal: [] } };
const glass = { id: "01G", target: "clinic", by: "dba", reason: "an emergency", until: 2 };
const totals = { sessions: 1, statements: 1, rows: 1, refusals: 0, noteworthy: 0, refusedLogins: 0 };
const review = {
  id: "20261123-7d",
  since: 1,
  until: 2,
  head: { size: 1, root: "00" },
  totals,
  sample: ["01S"],
  dueAt: 3,
};
const approval = { id: "01R", digest: "00", requester: "engineer", target: "clinic" };

/** By type, one of each and more where what is in it decides on fields: a new kind of event does not compile before it is here. */
const EVENTS: Readonly<Record<EvidenceEvent["type"], readonly EvidenceEvent[]>> = {
  "session.opened": [OPENED],
  "session.refused": [
    { type: "session.refused", source: { address: "::1", port: 1 }, claimed: "", code: "no-token", why: "no" },
  ],
  "session.closed": [{ type: "session.closed", reason: "client left", statements: 1, rows: 1, bytes: 1 }],
  "session.recovered": [{ type: "session.recovered", reason: "killed" }],
  "credential.renewed": [{ type: "credential.renewed", credential: "v2" }],
  statement: [STATEMENT, { ...STATEMENT, ...HELD } as EvidenceEvent],
  execute: [execute(2)],
  finished: [finished(2), { ...finished(2), sqlstate: "22012" } as EvidenceEvent],
  refused: [{ type: "refused", ref: null, code: "policy-denied", sqlstate: "42501", why: "no" }],
  violation: [{ type: "violation", code: "protocol-violation", why: "no" }],
  "inspection.failed": [{ type: "inspection.failed", ref: 2, texts: 1, why: "time-out" }],
  "approval.requested": [
    {
      type: "approval.requested",
      ref: 2,
      id: "01R",
      digest: "00",
      mode: "wait",
      needed: ["dba"],
      until: 2,
      joined: false,
    },
  ],
  "approval.changed": [{ type: "approval.changed", ...approval, status: "cancelled", change }],
  "approval.incident": [
    { type: "approval.incident", what: "callback-refused", at: 1, why: "unsigned", channel: "slack" },
    {
      type: "approval.incident",
      what: "answer-refused",
      at: 1,
      why: "requester",
      channel: "console",
      request: "01R",
      by: "dba",
    },
  ],
  "break-glass.changed": [{ type: "break-glass.changed", ...glass, change: { type: "opened", at: 1 } }],
  "activity-review.changed": [
    { type: "activity-review.changed", ...review, change: { type: "opened", at: 1 } },
    { type: "activity-review.changed", ...review, change: { type: "overdue", at: 1 } },
  ],
  "policy.in_force": [{ type: "policy.in_force", version: "ab", previous: null }],
  "revocation.entered": [{ type: "revocation.entered", identity: "contractor", by: "root", reason: "left" }],
  disclosure: [
    {
      type: "disclosure",
      ref: 2,
      domain: "patient",
      classes: ["name"],
      relations: ["public.patients"],
      keyVersion: 1,
      subjects: ["00"],
      complete: true,
      untold: 0,
    },
  ],
  side: [{ type: "side", ref: 2, texts: ["SELECT"] }],
  images: [{ type: "images", ref: 2, relation: "public.patients", before: 1, after: 1 }, LET_BEYOND],
  "sealed.opened": [{ type: "sealed.opened", ...officers }],
  "sealed.shredded": [{ type: "sealed.shredded", ...officers }],
};

const session: SessionIdentity = { session: "01S", target: "clinic", protocol: "postgres", principal: ENGINEER };
/** The gateway's own log, in which nobody acts. */
const own: SessionIdentity = { session: "01G", target: "gateway", protocol: "postern", principal: null };
/** What is written there, and nowhere else. */
const OWN = new Set<EvidenceEvent["type"]>([
  "session.refused",
  "approval.changed",
  "approval.incident",
  "break-glass.changed",
  "activity-review.changed",
  "policy.in_force",
  "revocation.entered",
  "sealed.opened",
  "sealed.shredded",
]);

function written(event: EvidenceEvent, identity: SessionIdentity): string {
  const writer = new LineWriter(identity);
  if (identity === session && event.type !== "session.recovered") writer.write(OPENED, 1, 1, "x");
  return writer.write(event, 2, 1_763_700_000_000, "x");
}

describe("OCSF", () => {
  it.each(Object.entries(EVENTS))("knows every field of %s", (type, events) => {
    for (const event of events) {
      expect(event.type).toBe(type);
      const identity = OWN.has(event.type) ? own : session;
      const line = written(event, identity);
      expect(ocsfProblems(JSON.parse(line))).toEqual([]);
      expect(readLine(line)).toMatchObject({ target: identity.target, event });
    }
  });

  it("knows the end of the gateway's own log", () => {
    for (const type of ["session.closed", "session.recovered"] as const)
      for (const event of EVENTS[type]) expect(ocsfProblems(JSON.parse(written(event, own)))).toEqual([]);
  });

  it("would find what is wrong", () => {
    const line = JSON.parse(written(STATEMENT, session));
    const with_ = (more: object) => ocsfProblems({ ...line, ...more });
    expect(with_({ actor: undefined })).toEqual(["actor is required"]);
    expect(with_({ colour: "red" })).toEqual(["colour is not in the schema"]);
    expect(with_({ activity_id: 77, type_uid: 600577 })).toEqual(["activity_id 77 is no value of its list"]);
    expect(with_({ type_uid: 600599 })).toEqual(["type_uid 600599"]);
    expect(with_({ src_endpoint: { ip: "here" } })).toEqual(["src_endpoint.ip is no ip_t"]);
    expect(with_({ database: { type_id: 1 } })).toEqual(["database.: none of name, uid"]);
    expect(with_({ metadata: { ...line.metadata, extensions: [] } })).toEqual([
      "an object of an extension that is not named",
    ]);
    expect(ocsfProblems({ ...line, class_uid: 1001 })).toEqual(["no class 1001"]);
  });

  it("reads lines that name their target where older evidence did", () => {
    const line = JSON.parse(written(EVENTS["policy.in_force"][0]!, own));
    const { log_name: _, ...metadata } = line.metadata;
    expect(readLine(JSON.stringify({ ...line, metadata, service: { name: "gateway" } }))?.target).toBe("gateway");
  });
});
