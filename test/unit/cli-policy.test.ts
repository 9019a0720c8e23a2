// postern policy check, policy test and explain, as they are typed.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { registerExplain } from "#cli/explain.ts";
import { registerPolicy } from "#cli/policy.ts";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import { parts } from "#test/support/bundles.ts";

const column = (name: string, number: number) => ({ name, number, type: 25, generated: false });
const SNAPSHOT: CatalogSnapshot = {
  target: "clinic",
  database: "clinic",
  serverVersion: 180000,
  fingerprint: "f",
  searchPath: ["public"],
  role: "postern_gateway",
  schemas: ["public"],
  relations: [
    {
      oid: 20000,
      schema: "public",
      name: "patients",
      kind: "table",
      columns: [
        column("id", 1),
        column("ssn", 2),
        column("full_name", 3),
        column("maiden_name", 4),
        column("nickname", 5),
      ],
      parents: [],
      triggers: [],
      rules: false,
      rowSecurity: false,
    },
  ],
  types: [{ oid: 25, schema: "pg_catalog", name: "text", kind: "b", category: "S" }],
  functions: [],
};
const ACCESS = `@id("in") permit (principal, action == Action::"connect", resource);
@id("readers") permit (principal in Group::"staff", action == Action::"read", resource in Target::"clinic");
@id("see-names") permit (principal in Group::"staff", action == Action::"reveal", resource == Class::"name");
@id("no-ssn") @hint("Ask by name.") forbid (principal, action == Action::"search", resource == Class::"ssn");`;
const TESTS = `identities:
  ada: { kind: person, groups: [staff] }
expectations:
  - { as: ada, target: clinic, expect: permit }
  - { as: ada, target: clinic, sql: "SELECT ssn FROM patients", expect: permit, masks: { ssn: redact } }
`;

let out = "";
let state = "";
beforeEach(() => {
  out = "";
  state = folder({});
  mkdirSync(join(state, "catalog"));
  vi.stubEnv("POSTERN_STATE", state);
  const take = (text: unknown) => {
    out += String(text);
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(take);
  vi.spyOn(process.stderr, "write").mockImplementation(take);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
});

function folder(files: Record<string, string>): string {
  const path = mkdtempSync(join(tmpdir(), "postern-cli-policy-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

function keepSnapshot(snapshot = SNAPSHOT): void {
  writeFileSync(join(state, "catalog", "clinic.json"), JSON.stringify(snapshot));
}

/** @returns the exit code */
async function postern(...args: string[]): Promise<number> {
  process.exitCode = undefined;
  const program = new Command("postern");
  registerPolicy(program);
  registerExplain(program);
  await program.parseAsync(args, { from: "user" });
  return Number(process.exitCode ?? 0);
}

describe("postern policy check", () => {
  test("accepts a sound bundle, and tells its version", async () => {
    expect(await postern("policy", "check", folder(parts(ACCESS)))).toBe(0);
    expect(out).toMatch(/^ok {2}4 policies, 2 classes\nversion {2}[0-9a-f]{64}\n$/);
  });

  test("lists every problem by file and line", async () => {
    const broken = folder({ ...parts(`${ACCESS}\npermit (principal, action, resource);`), "targets.yaml": "a: 1\n" });
    expect(await postern("policy", "check", broken)).toBe(1);
    expect(out).toContain("access.cedar:5: the policy has no @id");
    expect(out).toContain("targets.yaml:1: ");
    expect(out).toContain("refused: 2 problems");
    out = "";
    expect(await postern("policy", "check", broken, "--json")).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false, problems: [{ file: "access.cedar", line: 5 }, { line: 1 }] });
  });

  test("needs a folder", async () => {
    expect(await postern("policy", "check", "/no/such/folder")).toBe(2);
    expect(out).toContain("cannot be read as a policy bundle");
  });
});

describe("postern policy test", () => {
  test("runs the expectations", async () => {
    keepSnapshot();
    expect(await postern("policy", "test", folder({ ...parts(ACCESS), "tests.yaml": TESTS }))).toBe(0);
    expect(out).toBe("2 expectations, 0 not met\n");
  });

  test("tells which are not met, where they stand, and what came instead", async () => {
    keepSnapshot();
    const wrong = TESTS.replace("ssn: redact", "ssn: clear");
    const bundle = folder({ ...parts(ACCESS), "tests.yaml": wrong });
    expect(await postern("policy", "test", bundle)).toBe(1);
    expect(out).toContain(
      "tests.yaml:5: ada at clinic: SELECT ssn FROM patients\n    expected ssn to be clear, got redact\n",
    );
    expect(out).toContain("2 expectations, 1 not met");
    out = "";
    await postern("policy", "test", bundle, "--json");
    expect(
      out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).ok),
    ).toEqual([true, false]);
  });

  test("says how to get a catalog where there is none", async () => {
    expect(await postern("policy", "test", folder({ ...parts(ACCESS), "tests.yaml": TESTS }))).toBe(3);
    expect(out).toContain("there is no catalog");
    expect(out).toContain("npm start");
  });
});

describe("postern explain", () => {
  const explain = (sql: string, ...more: string[]) =>
    postern("explain", "--as", "ada", "--policy", folder({ ...parts(ACCESS), "tests.yaml": TESTS }), sql, ...more);

  test("tells of each column where it comes from, its mask, and why", async () => {
    keepSnapshot();
    expect(await explain("SELECT id, ssn, full_name, nickname, ssn || id AS made FROM patients", "--json")).toBe(0);
    const { decision, statements } = JSON.parse(out);
    expect(decision).toMatchObject({ outcome: "permit", policies: ["readers", "see-names"], reveal: ["name"] });
    const [{ columns }] = statements;
    const from = (name: string) => [`public.patients.${name}`];
    expect(columns).toMatchObject([
      { name: "id", from: from("id"), classes: [], mask: "clear", why: "not protected" },
      { name: "ssn", from: from("ssn"), classes: ["ssn"], mask: "redact", why: "no policy lets you see ssn in clear" },
      {
        name: "full_name",
        from: from("full_name"),
        classes: ["name"],
        mask: "clear",
        policies: ["see-names"],
        why: "policy see-names lets you see name in clear",
      },
      {
        name: "nickname",
        from: from("nickname"),
        classes: ["unclassified"],
        mask: "redact",
        why: "nobody has classified it in catalog.yaml",
      },
      {
        name: "made",
        from: [...from("ssn"), ...from("id")],
        made: ["||"],
        mask: "redact",
        why: "no policy lets you see ssn in clear; derived: hidden whole (ssn: redact)",
      },
    ]);
  });

  test("tells what is hidden because the target differs from catalog.yaml", async () => {
    const [patients] = SNAPSHOT.relations;
    const columns = patients!.columns.filter(({ name }) => name !== "maiden_name");
    keepSnapshot({ ...SNAPSHOT, relations: [{ ...patients!, columns }] });
    expect(await explain("SELECT full_name FROM patients", "--json")).toBe(0);
    expect(JSON.parse(out).statements[0].columns[0]).toMatchObject({
      mask: "redact",
      why: "public.patients differs from what catalog.yaml says of it: hidden whole (postern catalog scan)",
    });
  });

  test("tells why a statement is refused, and what to do", async () => {
    keepSnapshot();
    expect(await explain("SELECT id FROM patients WHERE ssn = '900-12-3456'")).toBe(0);
    expect(out).toContain(
      "refuse  for ada at clinic: ada may not search public.patients.ssn (class ssn) by equality at clinic",
    );
    expect(out).toContain("policies  no-ssn");
    expect(out).toContain("hint      Ask by name.");
    expect(out).not.toContain("900-12-3456");
  });

  test.each([
    ["an identity that nobody knows", ["explain", "--as", "bob", "SELECT 1"], "no identity", 2],
    ["a target that is not there", ["explain", "--as", "ada", "--target", "moon", "SELECT 1"], 'no target "moon"', 2],
    ["no SQL", ["explain", "--as", "ada", "SELEC"], "cannot be parsed", 2],
  ])("refuses %s", async (_, args, message, code) => {
    keepSnapshot();
    const bundle = folder({ ...parts(ACCESS), "tests.yaml": TESTS });
    expect(await postern(...args, "--policy", bundle)).toBe(code);
    expect(out).toContain(message);
  });
});
