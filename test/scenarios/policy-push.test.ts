// Another policy reaches a gateway that runs, without a restart: proposed by one person, agreed to by another, named by each decision from then on, kept in
// the evidence, and taken back by a push of the one from before.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Approving, approving } from "#test/support/approving.ts";
import { startTestHome, type TestHome } from "#test/support/home.ts";
import { ROOT } from "#test/support/project.ts";

let home: TestHome;
let people: Approving;
let engineer: pg.Client;
let folder: string;

beforeAll(async () => {
  home = await startTestHome();
  people = approving(home);
  engineer = await home.client("engineer");
  folder = mkdtempSync(join(tmpdir(), "postern-policy-"));
  cpSync(join(ROOT, "policy"), folder, { recursive: true });
});
afterAll(async () => {
  people.close();
  await engineer.end();
  await home.stop();
  rmSync(folder, { recursive: true, force: true });
});

const policy = (...args: string[]) => people.postern("policy", ...args);

async function pushed(...args: string[]): Promise<string> {
  const ran = await policy("push", ...args, "--as", "dba", "--reason", "ticket 9", "--json");
  expect(ran).toMatchObject({ code: 0, err: "" });
  return JSON.parse(ran.out).request;
}

function edit(file: string, from: string | RegExp, to: string): void {
  const text = readFileSync(join(folder, file), "utf8");
  expect(text).not.toBe(text.replace(from, to));
  writeFileSync(join(folder, file), text.replace(from, to));
}

const PREPARED = { name: "shown", text: "SELECT mrn, ssn FROM patients WHERE id = $1", values: [1] };
const ssn = async () => (await engineer.query(PREPARED)).rows[0].ssn;
const inForce = async () => JSON.parse((await policy("show", "--as", "privacy", "--json")).out);

it("a push shows what it weakens, waits for somebody else, and holds for sessions that are open", async () => {
  expect(await ssn()).toBe("***");
  const before = (await inForce()).version;
  edit("catalog.yaml", /(\n {2}ssn:.*mask: )redact/, "$1last4");
  // What its own tests do not expect is not proposed.
  expect((await policy("push", folder, "--as", "dba", "--reason", "x")).err).toContain("its own tests are not met");
  edit("tests.yaml", /ssn: redact/g, "ssn: last4");
  edit("tests.yaml", "masks: { id: redact }", "masks: { id: last4 }");

  const dry = await policy("push", folder, "--as", "dba", "--dry-run", "--replay");
  expect(dry).toMatchObject({ code: 0, err: "" });
  expect(dry.out).toContain("weaker   class ssn: masked by last4, was redact");
  expect(dry.out).toMatch(/replay {4}1 of \d+ statements of the last sessions would be decided otherwise/);
  expect(dry.out).toContain("was permit: mrn pseudonym, ssn redact");
  // Those who may not propose one see nothing.
  expect((await policy("push", folder, "--as", "nurse", "--reason", "x")).code).toBe(1);
  expect((await policy("push", folder, "--as", "dba")).code).toBe(2);

  const id = await pushed(folder);
  expect((await policy("show", id, "--as", "privacy")).out).toContain(
    "weaker   class ssn: masked by last4, was redact",
  );
  expect(await people.answer(id, "dba")).toBe("requester");
  expect(await ssn()).toBe("***");
  expect(await people.answer(id, "privacy")).toBe("approved");
  await expect.poll(ssn, { timeout: 15_000 }).toMatch(/\d{4}$/);
  const now = await inForce();
  expect(now).toMatchObject({
    inForce: { push: id, previous: before, by: "dba", approvedBy: ["privacy"], reason: "ticket 9" },
  });
  expect(now.version).not.toBe(before);

  // Going back is a push of what was in force before: the folder that was deployed, here.
  const back = await pushed(join(ROOT, "policy"));
  expect(await people.answer(back, "privacy")).toBe("approved");
  await expect.poll(ssn, { timeout: 15_000 }).toBe("***");
  expect((await inForce()).version).toBe(before);
  // And there again, by its version alone.
  const again = await pushed("--version", now.version);
  expect(await people.answer(again, "privacy")).toBe("approved");
  await expect.poll(ssn, { timeout: 15_000 }).toMatch(/\d{4}$/);

  const session = JSON.parse(
    (await people.postern("sessions", "--json")).out.split("\n").find((l) => l.includes('"engineer"')) ?? "{}",
  );
  const shown = await people.postern("show", session.session, "--json");
  const versions = shown.out
    .split("\n")
    .filter((l) => l.includes('"type":"statement"'))
    .map((l) => JSON.parse(l).postern.decision.version);
  expect(versions).toEqual([before, now.version, before, now.version]);
  await expect.poll(async () => (await people.postern("verify", "--json")).code, { timeout: 15_000 }).toBe(0);
  const report = JSON.parse((await people.postern("verify", "--json")).out);
  expect(report.checked.decisions).toBeGreaterThanOrEqual(4);
  expect(report.notes.filter((note: string) => /polic/.test(note))).toEqual([]);
}, 120_000);
