// What was agreed to is one command: whatever differs in it, be it one byte, makes another digest.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import { type ApprovedCommand, commandDigest, factsDigest } from "#shared/approval/digest.ts";
import { definitionsOf, planningMayRunCode } from "#shared/approval/objects.ts";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import { canonical, type Json } from "#shared/evidence/canonical.ts";
import type { Facts } from "#shared/facts.ts";
import type { Principal } from "#shared/identity.ts";
import { facts } from "#test/support/fake-gate.ts";

const word = fc.string({ unit: "grapheme", maxLength: 12 });
const bytes = fc.uint8Array({ maxLength: 8 });
const principal: fc.Arbitrary<Principal> = fc.record(
  {
    kind: fc.constantFrom("person", "workload", "agent"),
    name: word,
    issuer: word,
    subject: word,
    actsFor: word,
    groups: fc.array(word, { maxLength: 2 }),
    amr: fc.constant([]),
    expiresAt: fc.nat(),
  },
  { requiredKeys: ["kind", "name", "issuer", "subject", "groups", "amr", "expiresAt"] },
);
const bound = fc.option(
  fc.record({
    types: fc.array(fc.nat(5000), { maxLength: 3 }),
    formats: fc.array(fc.constantFrom(0, 1), { maxLength: 3 }),
    values: fc.array(fc.option(bytes), { maxLength: 3 }),
  }),
);
const command: fc.Arbitrary<ApprovedCommand> = fc.record({
  target: word,
  principal,
  text: word,
  bound,
  searchPath: fc.array(word, { maxLength: 3 }),
  role: word,
  settings: fc.dictionary(word, word, { maxKeys: 3, noNullPrototype: true }),
  objects: fc.dictionary(word, word, { maxKeys: 2, noNullPrototype: true }),
});

const digest = (of: ApprovedCommand) => commandDigest(of, nodeSha256);

/** All that a command is, in a form of its own: JSON with nothing left out. */
function whole(of: ApprovedCommand): string {
  const { kind, name, issuer, subject, actsFor = null } = of.principal;
  const values = of.bound?.values.map((value) => (value === null ? null : [...value]));
  const sorted = (record: Json) => Object.entries(record as object).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    of.target,
    [kind, name, issuer, subject, actsFor],
    of.text,
    of.bound === null ? null : [of.bound.types, of.bound.formats, values],
    of.searchPath,
    of.role,
    sorted(of.settings),
    sorted(of.objects),
  ]);
}

describe("the digest of a command", () => {
  test("is the same for the same command, and another for any other", () => {
    fc.assert(
      fc.property(command, command, (a, b) => {
        expect(digest(a)).toMatch(/^[0-9a-f]{64}$/);
        expect(digest(a)).toBe(digest(structuredClone(a)));
        expect(digest(a) === digest(b)).toBe(whole(a) === whole(b));
      }),
    );
  });

  test("changes with any one part", () => {
    fc.assert(
      fc.property(command, command, fc.constantFrom(...PARTS), (a, b, part) => {
        const mixed = { ...a, [part]: b[part] };
        expect(digest(mixed) === digest(a)).toBe(whole(mixed) === whole(a));
      }),
    );
  });

  test("changes with one byte of the statement or of a value, and with nothing that only looks alike", () => {
    fc.assert(
      fc.property(command, fc.string({ minLength: 1, unit: "grapheme" }), fc.nat(), (base, text, at) => {
        const from = at % text.length;
        const changed = `${text.slice(0, from)}${text[from] === "x" ? "y" : "x"}${text.slice(from + 1)}`;
        if (!changed.isWellFormed()) return;
        expect(digest({ ...base, text: changed })).not.toBe(digest({ ...base, text }));
      }),
    );
    fc.assert(
      fc.property(
        command,
        fc.uint8Array({ minLength: 1 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (base, value, at, by) => {
          const other = Uint8Array.from(value);
          other[at % other.length] = ((other[at % other.length] as number) + by) % 256;
          const asked = (values: Uint8Array[]) => digest({ ...base, bound: { types: [], formats: [], values } });
          expect(asked([other])).not.toBe(asked([value]));
          // The same bytes, parted in another way.
          expect(asked([value, new Uint8Array()])).not.toBe(asked([value]));
        },
      ),
    );
  });

  test("does not depend on a token's life or on groups", () => {
    fc.assert(
      fc.property(command, fc.nat(), (base, expiresAt) => {
        const renewed = { ...base.principal, expiresAt, groups: ["another"], tokenId: "t" };
        expect(digest({ ...base, principal: renewed })).toBe(digest(base));
      }),
    );
  });
});

const PARTS = ["target", "principal", "text", "bound", "searchPath", "role", "settings", "objects"] as const;

const SNAPSHOT: CatalogSnapshot = {
  target: "clinic",
  database: "clinic",
  serverVersion: 180000,
  fingerprint: "f",
  searchPath: ["public"],
  role: "gateway",
  schemas: ["public"],
  relations: [relation(1, "patients", [7]), relation(2, "drugs", [])],
  types: [],
  functions: [routine(7, "on_change"), routine(8, "age"), routine(9, "age")],
};

function relation(oid: number, name: string, triggers: readonly number[]): CatalogSnapshot["relations"][number] {
  const columns = [{ name: "id", number: 1, type: 23, generated: false }];
  return {
    oid,
    schema: "public",
    name,
    kind: "table",
    columns,
    parents: [],
    triggers,
    rules: false,
    rowSecurity: false,
  };
}

function routine(oid: number, name: string): CatalogSnapshot["functions"][number] {
  return {
    oid,
    schema: "public",
    name,
    args: [],
    returns: 23,
    returnsSet: false,
    outputs: [],
    language: "sql",
    kind: "f",
    volatility: "v",
    securityDefiner: false,
    body: "select 1",
  };
}

describe("the definitions of what a command touches", () => {
  const touching: Facts = facts({
    relations: [{ relation: "public.patients", actions: ["delete"], columns: ["*"], system: false }],
    functions: [
      { name: "public.age", standing: "analysed" },
      { name: "pg_catalog.now", standing: "harmless" },
    ],
  });
  const form = (snapshot: CatalogSnapshot, temporary = new Map()) =>
    canonical(definitionsOf([touching], snapshot, temporary));
  const before = form(SNAPSHOT);

  test.each<[string, Partial<CatalogSnapshot>]>([
    ["a column", { relations: [{ ...relation(1, "patients", [7]), columns: [] }, relation(2, "drugs", [])] }],
    ["the relation itself, made anew", { relations: [relation(3, "patients", [7])] }],
    ["the relation, gone", { relations: [] }],
    ["a trigger", { relations: [relation(1, "patients", [])] }],
    [
      "what a trigger runs",
      { functions: [{ ...routine(7, "on_change"), body: "select 2" }, routine(8, "age"), routine(9, "age")] },
    ],
    ["one of the functions of a name", { functions: [routine(7, "on_change"), routine(8, "age")] }],
  ])("change with %s", (_what, change) => {
    expect(form({ ...SNAPSHOT, ...change })).not.toBe(before);
  });

  test("change when a temporary relation takes the name, and not with what the command does not touch", () => {
    expect(form(SNAPSHOT, new Map([["patients", []]]))).not.toBe(before);
    const elsewhere = {
      ...SNAPSHOT,
      fingerprint: "g",
      relations: [relation(1, "patients", [7]), relation(2, "drugs", [8])],
    };
    expect(form(elsewhere)).toBe(before);
  });

  test("tell whether planning may run code of the database: triggers run later, what the server came with does no harm", () => {
    const calls = (name: string, standing: "analysed" | "opaque" | "harmless" = "analysed") =>
      planningMayRunCode([facts({ functions: [{ name, standing }] })], {
        ...SNAPSHOT,
        functions: [
          { ...routine(7, "on_change"), returns: 2279 },
          routine(8, "age"),
          { ...routine(9, "age"), returns: 2279 },
        ],
      });
    expect([calls("public.on_change"), calls("pg_catalog.now", "harmless")]).toEqual([false, false]);
    expect([calls("public.age"), calls("public.nowhere", "opaque")]).toEqual([true, true]);
    expect(planningMayRunCode([facts({ functions: [{ name: "a.b", standing: "opaque" }] })], null)).toBe(true);
  });

  test("are part of what a grant for a span of time covers, and literals are not", () => {
    const key = (f: Facts, snapshot = SNAPSHOT) =>
      factsDigest("clinic", PERSON, [f], definitionsOf([f], snapshot, new Map()), nodeSha256);
    expect(key(touching)).toBe(key(structuredClone(touching)));
    expect(key({ ...touching, hasWhere: true })).not.toBe(key(touching));
    expect(key(touching, { ...SNAPSHOT, relations: [] })).not.toBe(key(touching));
  });
});

const PERSON: Principal = {
  kind: "person",
  name: "engineer",
  issuer: "https://issuer.example",
  subject: "u-1",
  groups: [],
  amr: [],
  expiresAt: 1,
};
