// A write of more rows than are kept, where people are asked about it: by a real PostgreSQL, whose rows say whether it ran.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import type { EvidenceEvent, ImagesEvent } from "#shared/evidence/event.ts";
import { LineWriter } from "#shared/evidence/line.ts";
import { readLine } from "#shared/evidence/line-read.ts";
import { ApprovalWalk } from "#shared/evidence/verify-approvals.ts";
import { BadEvidence } from "#shared/evidence/verify-types.ts";
import { type Approving, approving } from "#test/support/approving.ts";
import { DBA } from "#test/support/fake-approvals.ts";
import { ENGINEER } from "#test/support/fake-gate.ts";
import { frontend as f } from "#test/support/fake-machine.ts";
import { startTestHome, type TestHome } from "#test/support/home.ts";
import { type ImageGateway, ImageGround, imagesIn } from "#test/support/image-ground.ts";
import { ROOT } from "#test/support/project.ts";

const SCHEMA = `
  CREATE TABLE patients (id int PRIMARY KEY, ssn text, ward int);
  CREATE TABLE stays (patient int, day int, PRIMARY KEY (patient, day));
`;
const FILL = `
  TRUNCATE patients, stays;
  INSERT INTO patients SELECT i, 's' || i, i % 2 FROM generate_series(1, 20) i;
  INSERT INTO stays SELECT i, i FROM generate_series(1, 20) i`;
const CATALOG = `classes:
  ssn: { identifier: G, mask: redact }
targets:
  clinic:
    schemas:
      public:
        patients: { subject: id, columns: { id: none, ssn: ssn, ward: none } }
        stays: { columns: { patient: ssn, day: none } }
`;
const ROWS = 10;

let ground: ImageGround;
let gateway: ImageGateway;
let client: pg.Client;

beforeAll(async () => {
  ground = await ImageGround.start(SCHEMA, CATALOG);
}, 60_000);
afterAll(() => ground?.stop());
beforeEach(async () => {
  await ground.admin.query(FILL);
  gateway = await ground.gateway({ rows: ROWS, beyond: { ask: ["dba"] }, otherwise: "count" });
  client = await gateway.client();
});
afterEach(async () => {
  await client.end();
  gateway.stop();
});

const of = <T extends EvidenceEvent["type"]>(type: T) =>
  gateway.events.filter((event): event is EvidenceEvent & { readonly type: T } => event.type === type);
const statuses = () => gateway.approvals.requests.map(({ status }) => status);
const ids = () => gateway.approvals.requests.map(({ request }) => request.id);
const left = async (where = "true") =>
  (await ground.admin.query(`SELECT count(*)::int AS n FROM patients WHERE ${where}`)).rows[0].n as number;

/** What verification says of these events, all by one session. @throws BadEvidence */
function verified(events: readonly EvidenceEvent[] = gateway.events): ApprovalWalk {
  const walk = new ApprovalWalk();
  const identity = { session: "S1", target: "clinic", protocol: "postgres", principal: ENGINEER };
  const writer = new LineWriter(identity);
  for (const [i, event] of events.entries()) {
    const line = readLine(writer.write(event, i + 1, 1_000_000, "prev"));
    if (line === null) throw new Error("no line");
    expect(line.event).toEqual(event);
    walk.saw(line, { key: "k", seq: i + 1 });
  }
  expect(walk.check(true)).toEqual([]);
  return walk;
}

const FORMS: readonly (readonly [string, string, unknown[]?])[] = [
  ["simple", "DELETE FROM patients WHERE id > 2"],
  ["extended", "DELETE FROM patients WHERE id > $1", [2]],
];

describe("more rows than are kept", () => {
  for (const [form, text, values] of FORMS)
    it(`are changed once somebody else agrees, once, and counted: ${form}`, async () => {
      const run = () => client.query(values === undefined ? text : { text, values });
      await expect(run()).rejects.toMatchObject({
        code: "PA001",
        message: expect.stringContaining("more than 10 rows of public.patients"),
        detail: expect.stringMatching(/^The request is open until /),
        hint: expect.stringContaining("Run the same command again"),
      });
      expect(await left()).toBe(20);
      expect(gateway.approvals.requests[0]?.request).toMatchObject({
        mode: "retry",
        rules: { needed: ["dba"] },
        hasWhere: true,
        what: "change more than 10 rows of public.patients, more than are kept before and after",
      });
      await expect(run()).rejects.toMatchObject({
        code: "PA001",
        message: expect.stringContaining(ids()[0] as string),
      });
      gateway.approvals.approve({ ...DBA, issuer: ENGINEER.issuer, subject: ENGINEER.subject });
      await expect(run()).rejects.toMatchObject({ code: "PA001" });
      expect(await left()).toBe(20);
      gateway.approvals.approve();
      expect((await run()).rowCount).toBe(18);
      expect(await left()).toBe(2);
      expect(statuses()).toEqual(["spent"]);
      const [use] = of("images").flatMap(({ approval }) => (approval === undefined ? [] : [approval]));
      expect(use).toMatchObject({ id: ids()[0], answers: [{ name: "dba" }] });
      expect(of("images").at(-1)).toMatchObject({ before: null, after: null, beyond: true });
      expect(imagesIn(gateway.sealed, "before")).toEqual([]);
      expect(of("finished").at(-1)).toMatchObject({ tag: "DELETE 18", sqlstate: "00000" });
      expect(verified().runs).toBe(1);
      await ground.admin.query(FILL);
      await expect(run()).rejects.toMatchObject({ code: "PA001" });
      expect(await left()).toBe(20);
      expect(statuses()).toEqual(["spent", "open"]);
    });

  it("count those that a MERGE changes and those that it inserts", async () => {
    const text = (last: number) =>
      `MERGE INTO patients p USING generate_series(15, ${last}) g (n) ON p.id = g.n WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (g.n)`;
    await expect(client.query(text(25))).rejects.toMatchObject({ code: "PA001" });
    expect(await left()).toBe(20);
    gateway.approvals.approve();
    expect((await client.query(text(25))).rowCount).toBe(11);
    expect(await left()).toBe(19);
    expect(of("images").at(-1)).toMatchObject({ before: null, after: null, beyond: true });
    expect(verified().runs).toBe(1);
    await ground.admin.query(FILL);
    await client.query(text(24));
    expect(of("images").at(-1)).toMatchObject({ before: 6, after: 4, difference: 0 });
    expect(statuses()).toEqual(["spent"]);
  });

  it("are in evidence that says no when somebody who asked agreed, or one approval let two run", async () => {
    const text = "UPDATE patients SET ward = 9";
    await expect(client.query(text)).rejects.toMatchObject({ code: "PA001" });
    gateway.approvals.approve();
    await client.query(text);
    const { events } = gateway;
    const at = events.findIndex((event) => event.type === "images" && event.approval !== undefined);
    const image = events[at] as ImagesEvent & { readonly approval: NonNullable<ImagesEvent["approval"]> };
    expect(() => verified([...events, image])).toThrow(BadEvidence);
    const { issuer, subject } = ENGINEER;
    const answers = image.approval.answers.map((answer) => ({ ...answer, issuer, subject }));
    expect(() => verified(events.with(at, { ...image, approval: { ...image.approval, answers } }))).toThrow(
      BadEvidence,
    );
    expect(() => verified(events.with(at, { ...image, approval: { ...image.approval, digest: "00" } }))).toThrow(
      BadEvidence,
    );
  });

  it("are another command with another value, and within the bound none asks", async () => {
    const run = (id: number) =>
      client.query({ name: "mine", text: "DELETE FROM patients WHERE id > $1", values: [id] });
    await expect(run(2)).rejects.toMatchObject({ code: "PA001" });
    gateway.approvals.approve();
    await expect(run(3)).rejects.toMatchObject({ code: "PA001" });
    expect((await run(12)).rowCount).toBe(8);
    expect(statuses()).toEqual(["approved", "open"]);
    expect(imagesIn(gateway.sealed, "before")).toHaveLength(8);
    expect(await left()).toBe(12);
  });

  it("are left alone when it is denied, and asked about anew", async () => {
    await expect(client.query("DELETE FROM patients")).rejects.toMatchObject({ code: "PA001" });
    gateway.approvals.deny();
    await expect(client.query("DELETE FROM patients")).rejects.toMatchObject({ code: "PA001" });
    expect(statuses()).toEqual(["denied", "open"]);
    gateway.approvals.down = true;
    await expect(client.query("DELETE FROM patients")).rejects.toMatchObject({ code: "58000" });
    expect(await left()).toBe(20);
  });

  it("of several tables are asked about together", async () => {
    await expect(client.query("TRUNCATE patients, stays")).rejects.toMatchObject({ code: "PA001" });
    expect(gateway.approvals.requests[0]?.request.what).toContain("rows of public.patients and of public.stays");
    gateway.approvals.approve();
    await client.query("TRUNCATE patients, stays");
    expect(await left()).toBe(0);
    expect(verified().runs).toBe(1);
  });

  it("of an INSERT are counted by what it reads", async () => {
    const text = "INSERT INTO patients (id, ward) SELECT id + 100, 5 FROM patients";
    await expect(client.query(text)).rejects.toMatchObject({ code: "PA001" });
    gateway.approvals.approve();
    expect((await client.query(text)).rowCount).toBe(20);
    expect(await left("ward = 5")).toBe(20);
    expect(verified().runs).toBe(1);
  });

  it("inside a transaction leave it as it was, and it goes on once it is approved", async () => {
    await client.query("BEGIN");
    await client.query("UPDATE patients SET ward = 7 WHERE id = 1");
    await expect(client.query("DELETE FROM patients WHERE id > 1")).rejects.toMatchObject({ code: "PA001" });
    gateway.approvals.approve();
    expect((await client.query("DELETE FROM patients WHERE id > 1")).rowCount).toBe(19);
    await client.query("COMMIT");
    expect(await left("ward = 7")).toBe(1);
    expect(await left()).toBe(1);
    expect(statuses()).toEqual(["spent"]);
  });

  it("are approved under the settings that it runs under, be they set in the same batch", async () => {
    const run = async (zone: string) => {
      const raw = await gateway.connect();
      raw.send(Buffer.concat([f.run(`SET TimeZone = '${zone}'`), f.run("DELETE FROM patients"), f.sync]));
      const said = await raw.read((m) => m.type === "Z");
      raw.socket.destroy();
      return said.flatMap(({ type, body }) => (type === "E" ? [/\0C(\w{5})/.exec(body.toString("latin1"))?.[1]] : []));
    };
    expect(await run("Asia/Tokyo")).toEqual(["PA001"]);
    gateway.approvals.approve();
    expect(await run("Asia/Seoul")).toEqual(["PA001"]);
    expect(statuses()).toEqual(["approved", "open"]);
    expect(await left()).toBe(20);
    expect(await run("Asia/Tokyo")).toEqual([]);
    expect(await left()).toBe(0);
  });
});

describe("at home", () => {
  const policy = mkdtempSync(join(tmpdir(), "postern-policy-"));
  let home: TestHome;
  let people: Approving;

  beforeAll(async () => {
    cpSync(join(ROOT, "policy"), policy, { recursive: true });
    const file = join(policy, "targets.yaml");
    const targets = parse(readFileSync(file, "utf8"));
    targets.clinic.images = { rows: 3, beyond: { ask: ["privacy"] } };
    writeFileSync(file, stringify(targets));
    home = await startTestHome(policy);
    people = approving(home);
  }, 60_000);
  afterAll(async () => {
    people?.close();
    await home?.stop();
    rmSync(policy, { recursive: true, force: true });
  });

  it("the privacy officer agrees by the command line, and evidence verifies", async () => {
    const [dba, direct] = [await home.client("dba"), await home.direct()];
    const text =
      "UPDATE prescriptions SET refills = 99 WHERE id IN (SELECT id FROM prescriptions ORDER BY id LIMIT $1)";
    const run = (rows: number) => dba.query(text, [rows]);
    const changed = async () =>
      (await direct.query("SELECT count(*)::int AS n FROM prescriptions WHERE refills = 99")).rows[0].n as number;
    expect((await run(3)).rowCount).toBe(3);
    const error = await run(5).catch((refused) => refused);
    expect(error).toMatchObject({
      code: "PA001",
      message: expect.stringMatching(/^dba asks to change more than 3 rows/),
    });
    expect(await changed()).toBe(3);
    const { request } = await people.asked();
    expect((await people.postern("approvals", "show", request.id)).out).toContain(request.what);
    expect(await people.postern("approve", request.id, "--as", "dba", "--reason", "mine")).toMatchObject({ code: 1 });
    expect(await people.postern("approve", request.id, "--as", "privacy", "--reason", "ok")).toMatchObject({ code: 0 });
    expect((await run(5)).rowCount).toBe(5);
    expect(await changed()).toBe(5);
    await expect(run(5)).rejects.toMatchObject({ code: "PA001" });
    await dba.end();
    await direct.end();
    await sleep(1500);
    const { out } = await people.postern("verify", "--json");
    expect(JSON.parse(out)).toMatchObject({ ok: true, checked: { approved: 1 } });
  });
});
