// A target grows away from catalog.yaml: the gateway masks what it cannot believe any more, and `postern catalog scan` says what to write.
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { parse, stringify } from "yaml";
import { startTestHome, type TestHome } from "#test/support/home.ts";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";

let home: TestHome;
let direct: pg.Client;
const policy = mkdtempSync(join(tmpdir(), "postern-policy-"));

beforeAll(async () => {
  cpSync(join(ROOT, "policy"), policy, { recursive: true });
  home = await startTestHome(policy);
  direct = await home.direct();
});
afterAll(async () => {
  await direct?.end();
  await home?.stop();
  rmSync(policy, { recursive: true });
});

function scan(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { ...environment(), POSTERN_STATE: home.state.root };
  return new Promise((resolve) => {
    execFile(join(ROOT, "cli/postern.mjs"), ["catalog", "scan", ...args], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

const CHANGES = `
  ALTER TABLE patients RENAME COLUMN ssn TO government_number;
  ALTER TABLE patients ADD COLUMN nickname text;
  UPDATE patients SET nickname = given_name;
  ALTER TABLE formulary RENAME TO pharmacy_items;
  CREATE TABLE intake (id int, patient_id int, code_a text, code_b text, reachable text, web text, seen date, fax_no text,
    said text, whatever int, active bool, vin_code text);
  INSERT INTO intake SELECT id, id, ssn, email, phone, 'https://portal.example.org/p/' || id, now(), phone,
    'The patient says that the pain is better than last week', 7, true, '1M8GDM9AXKP042788'
    FROM (SELECT id, government_number AS ssn, email, phone FROM patients ORDER BY id LIMIT 60) p;
  CREATE VIEW intake_list AS SELECT id, code_a FROM intake;
  CREATE TABLE scratch.sheet AS SELECT * FROM clinical_notes LIMIT 3;
  GRANT SELECT ON ALL TABLES IN SCHEMA public TO postern_gateway;
  CREATE TABLE locked (surname text);`;

describe("a target as catalog.yaml has it", () => {
  test("leaves nothing to do", async () => {
    expect(await scan("clinic")).toEqual({ code: 0, out: "clinic is as catalog.yaml says\n", err: "" });
  });
});

describe("after changes at the target", () => {
  let found: {
    drift: Record<string, unknown>[];
    maskedWhole: string[];
    proposals: { relation: string; subject: string | null; columns: Record<string, string>[] }[];
    yaml: string;
  };
  let sampled: (string | null)[][];

  beforeAll(async () => {
    await direct.query(CHANGES);
    const { code, out } = await scan("clinic", "--json");
    expect(code).toBe(1);
    found = JSON.parse(out);
    const text = "SELECT code_a, code_b, reachable, said FROM intake";
    sampled = (await direct.query({ text, rowMode: "array" })).rows as unknown as (string | null)[][];
  });

  test("they are found, renames as such", () => {
    expect(found.drift).toEqual(
      expect.arrayContaining([
        { kind: "gone-column", relation: "public.patients", column: "ssn", classified: true, now: "government_number" },
        { kind: "new-column", relation: "public.patients", column: "nickname" },
        { kind: "gone-table", relation: "public.formulary", classified: false },
        { kind: "new-table", relation: "public.pharmacy_items" },
        { kind: "new-table", relation: "public.intake" },
        { kind: "new-view", relation: "public.intake_list" },
      ]),
    );
    expect(found.maskedWhole).toEqual(["public.patients"]);
  });

  test("classes are proposed by name, by type and by what values look like", () => {
    const proposed = new Map(
      found.proposals.flatMap((r) =>
        r.columns.map((c) => [`${r.relation}.${c.column}`, `${c.class}, ${c.confidence}`]),
      ),
    );
    expect(Object.fromEntries(proposed)).toMatchObject({
      "public.patients.government_number": "ssn, high",
      "public.patients.nickname": "name, high",
      "public.intake.id": "none, medium",
      "public.intake.patient_id": "none, medium",
      "public.intake.code_a": "ssn, high",
      "public.intake.code_b": "email, high",
      "public.intake.reachable": "phone, high",
      "public.intake.web": "url, high",
      "public.intake.seen": "service-date, medium",
      "public.intake.fax_no": "fax, high",
      "public.intake.said": "free-text, high",
      "public.intake.whatever": "null, low",
      "public.intake.active": "none, low",
      "public.intake.vin_code": "vehicle, high",
    });
    const intake = found.proposals.find((r) => r.relation === "public.intake");
    expect(intake?.subject).toBe("patient_id");
    const locked = found.proposals.find((r) => r.relation === "public.locked");
    expect(locked?.columns[0]?.reason).toBe("named like a person's name (its values could not be read)");
    expect(intake?.columns[2]?.reason).toBe("60 of 60 sampled values look like social security numbers");
  });

  test("no value that was looked at is shown", async () => {
    const shown = [JSON.stringify(found), (await scan("clinic")).out].join("\n");
    for (const value of sampled.flat()) if (value !== null) expect(shown).not.toContain(value);
    expect(sampled.length).toBe(60);
  });

  test("the lines can be put into catalog.yaml, and then it fits again", async () => {
    const file = join(policy, "catalog.yaml");
    const before = readFileSync(file, "utf8");
    const catalog = parse(before);
    merge(catalog, parse(found.yaml));
    const { schemas } = catalog.targets.clinic;
    delete schemas.public.patients.columns.ssn;
    delete schemas.public.formulary;
    schemas.public.intake.columns.whatever = "none";
    const columns = schemas.public.pharmacy_items.columns;
    for (const { column } of found.proposals.find((r) => r.relation === "public.pharmacy_items")!.columns)
      columns[column!] ??= "none";
    const other = mkdtempSync(join(tmpdir(), "postern-policy-"));
    cpSync(policy, other, { recursive: true });
    writeFileSync(join(other, "catalog.yaml"), stringify(catalog));
    expect(await scan("clinic", "--policy", other)).toMatchObject({ code: 0, err: "" });
    rmSync(other, { recursive: true });
  });

  test("the gateway masks the table whole, for everybody, and its log says so", async () => {
    const text = "SELECT id, sex, full_name, government_number FROM patients LIMIT 1";
    const client = await home.client("privacy");
    onTestFinished(() => client.end());
    await seen(async () => {
      const { rows } = await client.query(text);
      expect(rows).toEqual([{ id: null, sex: null, full_name: "***", government_number: "***" }]);
    });
    await expect(client.query("SELECT count(*) FROM patients WHERE id = 1")).rejects.toThrow(/may not search/);
    const log = readFileSync(join(home.state.log, "proxy.log"), "utf8");
    const said = log.split("\n").filter((line) => line.includes("catalog.yaml differs"));
    expect(JSON.parse(said.at(-1)!)).toMatchObject({
      level: "warn",
      target: "clinic",
      masked_whole: "public.patients",
    });
  });
});

test("a scan that cannot be made says why, and that it is no answer", async () => {
  expect(await scan("nowhere")).toMatchObject({ code: 2, out: "", err: expect.stringContaining("There are: clinic.") });
  expect(await scan("clinic", "--sample", "many")).toMatchObject({ code: 2 });
});

/** The gateway looks at the catalog every few seconds. */
async function seen(check: () => Promise<void>): Promise<void> {
  for (const until = Date.now() + 20_000; ; await sleep(250)) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > until) throw error;
    }
  }
}

/** As a person would paste: maps go into maps. */
function merge(into: Record<string, unknown>, from: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(from)) {
    const there = into[key];
    if (typeof value === "object" && value !== null && typeof there === "object" && there !== null)
      merge(there as Record<string, unknown>, value as Record<string, unknown>);
    else into[key] = value;
  }
}
