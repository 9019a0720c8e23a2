// Two officers open what a session has sealed, and see that what was sent is the original, masked; or destroy its key.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Approving, approving, type Ran } from "#test/support/approving.ts";
import { startTestHome, type TestHome } from "#test/support/home.ts";
import { ROOT } from "#test/support/project.ts";
import { password, startup, typed, WireClient } from "#test/support/wire-client.ts";

let home: TestHome;
let people: Approving;
/** Rows of a COPY that fills more than a block. */
const LARGE = 400;

/** Runs COPY FROM STDIN by hand: no client library at hand speaks it. @param copies options, and the data in messages */
async function copying(copies: readonly (readonly [string, ...(string | Buffer)[]])[]): Promise<void> {
  const client = await WireClient.connect(home.run.gateway.port);
  await client.requestTls(readFileSync(home.run.ca, "utf8"));
  client.send(startup({ user: "engineer", database: "clinic" }));
  await client.until("R");
  client.send(password(await home.token("engineer")));
  await client.until("Z");
  client.send(typed("Q", "CREATE TEMP TABLE taken (id int, word text)\0"));
  await client.until("Z");
  for (const [options, ...messages] of copies) {
    client.send(typed("Q", `COPY taken FROM STDIN ${options}\0`));
    expect((await client.until("G")).at(-1)?.type).toBe("G");
    client.send(Buffer.concat([...messages.map((message) => typed("d", message)), typed("c")]));
    await client.until("Z");
  }
  client.send(typed("X"));
  client.close();
}

/** Runs something as the engineer. @returns the session's id, once it has ended */
async function session(work: (client: pg.Client) => Promise<unknown>): Promise<string> {
  const client = await home.client("engineer");
  client.on("error", () => {});
  const { rows } = await client.query("SELECT current_setting('application_name') AS name");
  await work(client).catch(() => {});
  await client.end();
  expect(rows).toHaveLength(1);
  return ended();
}

/** @returns the newest session of the engineer, once it has ended */
async function ended(): Promise<string> {
  for (;;) {
    const { out } = await people.postern("sessions", "--principal", "engineer", "--json");
    const [newest] = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    if (newest?.closed !== null && newest?.closed !== undefined) return newest.session;
  }
}

const json = ({ out }: Ran): Record<string, unknown>[] =>
  out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

/** Both officers do their part. */
async function opened(id: string, ...more: string[]): Promise<Ran> {
  const asked = await people.postern("proof", id, "--as", "privacy", "--reason", "case 12");
  const [, request = ""] = /request (\w+)/.exec(asked.err) ?? [];
  expect(asked.out).toBe("");
  expect((await people.postern("agree", request, "--as", "auditor", "--reason", "seen")).err).toBe("");
  return people.postern("proof", id, "--as", "privacy", ...more);
}

describe("postern proof", { timeout: 90_000 }, () => {
  const policy = mkdtempSync(join(tmpdir(), "postern-policy-"));
  beforeAll(async () => {
    cpSync(join(ROOT, "policy"), policy, { recursive: true });
    home = await startTestHome(policy);
    people = approving(home);
  });
  afterAll(async () => {
    people?.close();
    await home?.stop();
    rmSync(policy, { recursive: true });
  });

  it("shows nothing until another officer has agreed, and the evidence says so", async () => {
    const id = await session((client) => client.query("SELECT id, ssn FROM patients WHERE id = 1"));
    const alone = await people.postern("proof", id, "--as", "privacy", "--reason", "case 11");
    expect(alone).toMatchObject({ code: 1, out: "" });
    const [, request = ""] = /request (\w+)/.exec(alone.err) ?? [];
    const refused = async (as: string, reason: string) =>
      (await people.postern("agree", request, "--as", as, "--reason", reason)).err;
    expect(await refused("privacy", "me again")).toContain("whoever asked cannot agree");
    expect(await refused("engineer", "please")).toContain("none of the officers");
    expect(await refused("auditor", " ")).toContain("needs a --reason");
    expect((await people.postern("proof", id, "--as", "engineer", "--reason", "mine")).err).toContain(
      "none of the officers",
    );
    expect((await people.postern("agree")).out).toContain("case 11");
    expect(await refused("auditor", "seen")).toBe("");
    expect((await people.postern("proof", id, "--as", "auditor")).out).toContain("ok ");
    await people.postern("revoke", "auditor", "--reason", "left the company");
    expect(await people.postern("proof", id, "--as", "privacy")).toMatchObject({
      out: "",
      err: expect.stringContaining("the other officer, have been offboarded"),
    });
    await people.postern("revoke", "auditor", "--undo");
    const events = (await people.postern("sessions", "--target", "gateway", "--json")).out;
    const logs = json({ out: events, code: 0, err: "" }).map(({ session: log }) => String(log));
    let found = "";
    for (const log of logs) found += (await people.postern("show", log)).out;
    expect(found).toContain(`opened   what session ${id} has sealed`);
    expect(found).toContain("agreed by auditor: seen");
  });

  it("proves results of every form, and shows statements and values as they were", async () => {
    const direct = await home.direct();
    const { rows } = await direct.query(
      "SELECT id, ssn, full_name, note FROM patients WHERE id IN (1, 2, 3) ORDER BY id",
    );
    await direct.end();
    const columns = "id, mrn, ssn, full_name, birth_date, phone, insurance, note, sex";
    const id = await session(async (client) => {
      await client.query(`SELECT ${columns} FROM patients WHERE id <= 3 ORDER BY id`);
      await client.query({ text: `SELECT ${columns} FROM patients WHERE id = ANY ($1) ORDER BY id`, values: [[1, 2]] });
      await client.query(
        `SELECT ssn FROM patients WHERE id = 1; SELECT count(*) FROM formulary; SELECT mrn, home FROM patients WHERE id = 2`,
      );
      await client.query(`COPY (SELECT ${columns} FROM patients WHERE id <= 2 ORDER BY id) TO STDOUT`);
      await client.query(
        "COPY (SELECT ssn, sex FROM patients WHERE id <= 2 ORDER BY id) TO STDOUT (FORMAT csv, HEADER)",
      );
      await client.query("BEGIN");
      await client.query(`DECLARE c CURSOR FOR SELECT ${columns} FROM patients WHERE id <= 3 ORDER BY id`);
      await client.query("FETCH 2 FROM c");
      await client.query("FETCH 2 FROM c");
      await client.query("COMMIT");
      await client.query("SELECT drug FROM formulary WHERE form = 'a literal'");
    });
    const said = json(await opened(id, "--json"));
    const summary = said.at(-1);
    expect(summary).toMatchObject({ differing: 0, unproven: 0, whole: true });
    expect(Number(summary?.rows)).toBeGreaterThanOrEqual(3 + 2 + 1 + 1 + 2 + 2 + 3);
    expect(said.filter(({ verdict }) => verdict !== undefined && verdict !== "proven")).toEqual([]);
    const text = JSON.stringify(said);
    expect(text).toContain("form = 'a literal'");
    expect(text).toContain('"values":["{\\"1\\",\\"2\\"}"]');
    for (const row of rows) for (const value of [row.ssn, row.full_name]) expect(text).toContain(value);
    const first = said.find(({ row }) => row === 1) as {
      cells: { column: string; original: string; delivered: string; mask: string }[];
    };
    expect(first.cells.find(({ column }) => column === "ssn")).toEqual({
      column: "ssn",
      mask: "redact",
      original: rows[0].ssn,
      delivered: "***",
    });
    const words = await people.postern(
      "proof",
      id,
      "--as",
      "privacy",
      "--claim",
      `${eventOf(said)}/2,ssn=${rows[1].ssn}`,
    );
    expect(words.out).toContain("this was the value");
    expect(words).toMatchObject({ code: 0, err: "" });
    const wrong = await people.postern(
      "proof",
      id,
      "--as",
      "privacy",
      "--claim",
      `${eventOf(said)}/2,ssn=${rows[0].ssn}`,
    );
    expect(wrong).toMatchObject({ code: 1 });
  });

  it("shows what was copied in, of every format", async () => {
    const binary = ["5047434f50590aff0d0a00", "00000000", "00000000", "0002", "00000004", "00000005"].join("");
    const large = Array.from({ length: LARGE }, (_, i) => `${i}\t${"long".repeat(300)}\n`);
    await copying([
      ["", "1\tfir", "st\n2\t\\N\n"],
      ["(FORMAT csv)", "3,third\n", '4,"without an end"'],
      ["(FORMAT binary)", Buffer.from(binary, "hex"), Buffer.from("000000056669667468ffff", "hex")],
      // One that fails keeps what came.
      ["", "six\tx\n"],
      ["", ...large],
    ]);
    const id = await ended();
    const copied = json(await opened(id, "--json")).flatMap((line) => ("copied" in line ? [line.copied] : []));
    expect(copied.slice(0, 6)).toEqual([
      "1\tfirst",
      "2\t\\N",
      "3,third",
      '4,"without an end"',
      ["\\x00000005", "fifth"],
      "six\tx",
    ]);
    expect(copied.length).toBe(6 + LARGE);
    expect(copied.at(-1)).toMatch(/^399\t/);
  });

  it("shows what the target said where the client heard less", async () => {
    const id = await session((client) => client.query("SELECT birth_date FROM patients WHERE id = '12 monkeys'"));
    const said = json(await opened(id, "--json"));
    const message = said.find((line) => "said" in line) as { said: { M: string }; heard: { M: string } } | undefined;
    expect(message?.said.M).toContain("12 monkeys");
    expect(message?.heard.M).not.toContain("12 monkeys");
  });

  it("cannot be given any more once two officers have destroyed the key; the evidence stays whole", async () => {
    const id = await session((client) => client.query("SELECT id, ssn FROM patients WHERE id = 1"));
    await opened(id);
    const asked = await people.postern("shred", id, "--as", "privacy", "--reason", "the retention is over");
    const [, request = ""] = /request (\w+)/.exec(asked.err) ?? [];
    expect((await people.postern("proof", id, "--as", "privacy")).code).toBe(0);
    await people.postern("agree", request, "--as", "auditor", "--reason", "it is");
    expect(await people.postern("shred", id, "--as", "privacy")).toMatchObject({ code: 0, err: "" });
    expect((await people.postern("proof", id, "--as", "privacy")).err).toContain("destroyed");
    const verified = await people.postern("verify", id);
    expect(verified.out).toContain("shredded");
    expect(verified.code).toBe(0);
    expect((await people.postern("verify")).code).toBe(0);
  });

  it("checks a claimed value where only commitments were kept", async () => {
    const file = join(policy, "targets.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("sealed: on", "sealed: off"));
    await home.restartProxy();
    const direct = await home.direct();
    const { rows } = await direct.query("SELECT ssn FROM patients WHERE id IN (1, 2) ORDER BY id");
    await direct.end();
    const id = await session((client) => client.query("SELECT id, ssn FROM patients WHERE id IN (1, 2) ORDER BY id"));
    const said = json(await opened(id, "--json"));
    const text = JSON.stringify(said);
    for (const { ssn } of rows) expect(text).not.toContain(ssn);
    const event = eventOf(said);
    const claim = (what: string) => people.postern("proof", id, "--as", "privacy", "--claim", what);
    expect(await claim(`${event}/1,ssn=${rows[0].ssn}`)).toMatchObject({ code: 0, err: "" });
    expect(await claim(`${event}/2,ssn=${rows[0].ssn}`)).toMatchObject({ code: 1, err: "" });
    expect(await claim(`${event}/2,ssn=${rows[1].ssn}`)).toMatchObject({ code: 0, err: "" });
    expect(await claim(`${event}/2,ssn`)).toMatchObject({ code: 1 });
  });
});

/** Of the first answer. */
function eventOf(said: readonly Record<string, unknown>[]): string {
  return String(said.find((line) => "answer" in line)?.event);
}
