// Free text that is also sent to Amazon Comprehend Medical, with a service of the test's own: what it finds is hidden in every form of the
// protocol, nothing is shown that it could not look at, and a session stays usable while it waits.
import { execFile } from "node:child_process";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { serialize } from "pg-protocol";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { EvidenceEvent } from "#shared/evidence/event.ts";
import { readLine } from "#shared/evidence/line-read.ts";
import { CREDENTIALS } from "#test/support/aws-service.ts";
import { cellsOf } from "#test/support/cells.ts";
import { type FakeComprehend, startComprehend } from "#test/support/comprehend.ts";
import { FORMS } from "#test/support/forms.ts";
import { startTestHome, type TestHome } from "#test/support/home.ts";
import { ROOT } from "#test/support/project.ts";
import { RawClient, type RawMessage } from "#test/support/raw-client.ts";
import { environment } from "#test/support/settings.ts";

let home: TestHome;
let comprehend: FakeComprehend;
let client: RawClient;
let metrics: () => Promise<string>;
/** A plain word of many notes, which no detector of ours takes for anything. */
const WORD = "daily";
const NOTES = "SELECT id, body FROM clinical_notes WHERE id <= 60 ORDER BY id";

beforeAll(async () => {
  comprehend = await startComprehend([]);
  for (const [name, value] of Object.entries({ ...CREDENTIALS, AWS_MAX_ATTEMPTS: "1" })) vi.stubEnv(name, value);
  vi.stubEnv("AWS_ENDPOINT_URL_COMPREHENDMEDICAL", comprehend.url);
  home = await startTestHome(undefined, { comprehendMedical: { targets: ["clinic"], timeoutSeconds: 2 } });
  client = RawClient.from(await home.client("engineer"));
  metrics = async () => (await fetch(`http://127.0.0.1:${home.run.admin.port}/metrics`)).text();
});
afterAll(async () => {
  client?.close();
  await home?.stop();
  await comprehend?.close();
  vi.unstubAllEnvs();
});
beforeEach(() => {
  comprehend.words = [];
  comprehend.delay = 0;
  comprehend.fault = () => undefined;
  comprehend.texts.length = 0;
});

/** Cells of rows and lines of copies, as text. */
function shown(answer: readonly RawMessage[]): string[] {
  return answer.flatMap(({ type, body }) => {
    if (type === "d") return [body.toString()];
    if (type !== "D") return [];
    const head = Buffer.alloc(5, type);
    head.writeInt32BE(body.length + 4, 1);
    return cellsOf(Buffer.concat([head, body])).map((cell) => String(cell));
  });
}

/** The events of the session that began last. */
async function lastSession(): Promise<EvidenceEvent[]> {
  const env = { ...environment(), POSTERN_STATE: home.state.root };
  const args = [join(ROOT, "cli/src/main.ts"), "show", "last", "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, maxBuffer: 64 << 20 });
  return stdout
    .trim()
    .split("\n")
    .map((line) => readLine(line)!.event);
}

const asked = (sql = NOTES) => FORMS.simple!(client, sql);

describe("what Comprehend Medical finds", () => {
  test.each(Object.keys(FORMS))("is hidden in form %s, and nothing else is other than without it", async (form) => {
    const before = await FORMS[form]!(client, NOTES);
    expect(before.some(({ type }) => type === "E")).toBe(false);
    comprehend.words = [WORD];
    const after = await FORMS[form]!(client, NOTES);
    if (form !== "cursor" && form !== "pieces") expect(shown(before).join("\n")).toContain(WORD);
    expect(shown(after).join("\n")).not.toContain(WORD);
    expect(after.map(({ type }) => type)).toEqual(before.map(({ type }) => type));
    if (form !== "bincopy") expect(shown(after)).toEqual(shown(before).map((cell) => cell.replaceAll(WORD, "[NAME]")));
  });

  test("is asked about the free text alone", async () => {
    await asked("SELECT id, ssn, mrn, full_name, phone FROM patients WHERE id <= 50");
    expect(comprehend.texts).toEqual([]);
    expect(comprehend.requests.filter(({ badSignature }) => badSignature !== null)).toEqual([]);
  });
});

describe("what could not be looked at", () => {
  test("is hidden whole, counted, and said in the evidence and in the metrics", async () => {
    const before = shown(await asked());
    const failing = before.filter((cell) => cell.includes(WORD)).length;
    expect(failing).toBeGreaterThan(3);
    comprehend.fault = (text) =>
      text.includes(WORD) ? { status: 400, body: '{"__type":"InvalidRequestException"}' } : undefined;
    const after = shown(await asked());
    expect(after).toEqual(before.map((cell) => (cell.includes(WORD) ? "***" : cell)));
    expect(await metrics()).toMatch(/postern_texts_total\{outcome="refused"\} [1-9]/);
    const auditor = await home.client("engineer");
    await auditor.query(NOTES);
    await auditor.end();
    const events = await lastSession();
    const withheld = events.filter((event) => event.type === "inspection.failed");
    expect(withheld.length).toBeGreaterThan(0);
    const tallies = events.flatMap((event) => (event.type === "finished" ? event.masks : []));
    expect(tallies.find(({ column }) => column === "body")?.withheld).toBe(failing);
    expect(JSON.stringify(events)).not.toContain(WORD);
  });

  test("is hidden whole when there is no answer in time", async () => {
    comprehend.fault = () => null;
    const cells = shown(await asked("SELECT body FROM clinical_notes WHERE id <= 20 ORDER BY id"));
    expect(new Set(cells)).toEqual(new Set(["***"]));
    expect(await metrics()).toMatch(/postern_texts_total\{outcome="time-out"\} [1-9]/);
  });
});

describe("while rows wait", () => {
  /** More than all buffers on the way hold. */
  const ENDLESS = "SELECT n.body FROM clinical_notes n, generate_series(1, 200)";

  test("other sessions go on, a cancel request is heard soon, and the session is usable after it", async () => {
    comprehend.delay = 300;
    const other = await home.client("engineer");
    const cancelled = await home.client("engineer");
    const { processID, secretKey } = cancelled as unknown as { processID: number; secretKey: number };
    const outcome = cancelled.query(ENDLESS).then(
      () => "done",
      (error: { code: string }) => error.code,
    );
    while (comprehend.texts.length === 0) await sleep(10);
    expect((await other.query("SELECT count(*) FROM departments")).rowCount).toBe(1);
    connect(home.run.gateway.port, "127.0.0.1").end(serialize.cancel(processID, secretKey));
    expect(await outcome).toBe("57014");
    comprehend.delay = 0;
    expect((await cancelled.query("SELECT body FROM clinical_notes WHERE id = 1")).rowCount).toBe(1);
    await other.end();
    await cancelled.end();
  });

  test("a client may leave: its statement ends at the target", async () => {
    comprehend.delay = 300;
    const direct = await home.direct();
    const leaving = RawClient.from(await home.client("dba"));
    leaving.send(serialize.query(ENDLESS) as Buffer);
    while (comprehend.texts.length === 0) await sleep(10);
    leaving.close();
    const running = "SELECT FROM pg_stat_activity WHERE application_name LIKE 'postern/%dba' AND state = 'active'";
    const until = Date.now() + 20_000;
    while ((await direct.query(running)).rowCount !== 0 && Date.now() < until) await sleep(50);
    expect((await direct.query(running)).rowCount).toBe(0);
    const before = comprehend.texts.length;
    await sleep(700);
    expect(comprehend.texts.length - before).toBeLessThanOrEqual(64);
    await direct.end();
  });
});
