// What operators see and do about the gateway's start: another key for pseudonyms counts from then on, and what has grown away from
// catalog.yaml is said at once.
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { startTestHome, type TestHome } from "#test/support/home.ts";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";

let home: TestHome;
const said: string[] = [];
const policy = mkdtempSync(join(tmpdir(), "postern-policy-"));

beforeAll(async () => {
  cpSync(join(ROOT, "policy"), policy, { recursive: true });
  const file = join(policy, "catalog.yaml");
  const catalog = parse(readFileSync(file, "utf8"));
  const { devices } = catalog.targets.clinic.schemas.public;
  // A protected column that the target does not have: its values may be in another one.
  devices.columns.former_serial = devices.columns.serial;
  writeFileSync(file, stringify(catalog));
  home = await startTestHome(policy, { progress: (line) => said.push(line) });
});
afterAll(async () => {
  await home?.stop();
  rmSync(policy, { recursive: true, force: true });
});

function postern(...args: string[]): Promise<{ code: number; out: string }> {
  const env = { ...environment(), POSTERN_STATE: home.state.root };
  return new Promise((resolve) =>
    execFile(join(ROOT, "cli/postern.mjs"), args, { env, maxBuffer: 64 << 20 }, (error, out) =>
      resolve({ code: error === null ? 0 : Number(error.code), out }),
    ),
  );
}

async function rows(sql: string): Promise<string[]> {
  const client = await home.client("engineer");
  const result = await client.query({ text: sql, rowMode: "array" });
  await client.end();
  return result.rows.map((row: unknown[]) => String(row[0]));
}

const PSEUDONYMS = "SELECT mrn FROM patients ORDER BY id LIMIT 40";

async function keyOfLastSession(): Promise<number> {
  const { out } = await postern("show", "last", "--json");
  return JSON.parse(out.split("\n")[0] as string).postern.pseudonymKey;
}

test("a column that is gone is said at the start, and its table is masked whole", async () => {
  const warnings = said.filter((line) => line.startsWith("warning: "));
  expect(warnings).toEqual([
    "warning: catalog.yaml differs from the target: run `postern catalog scan`; target: clinic; differences: 1; " +
      "relations: public.devices; masked whole: public.devices",
  ]);
  expect(new Set(await rows("SELECT kind FROM devices"))).toEqual(new Set(["***"]));
});

test("another key is used from the next start on, and an older one can be had back", async () => {
  const first = await rows(PSEUDONYMS);
  expect(new Set(first).size).toBe(40);
  expect(await keyOfLastSession()).toBe(1);

  expect(await postern("pseudonyms", "rotate", "--json")).toEqual({ code: 0, out: '{"version":2}\n' });
  expect(await rows(PSEUDONYMS)).toEqual(first);
  await home.restartProxy();
  const second = await rows(PSEUDONYMS);
  expect(await keyOfLastSession()).toBe(2);
  expect(new Set([...first, ...second]).size).toBe(80);
  expect(await rows(PSEUDONYMS)).toEqual(second);

  rmSync(join(home.state.root, "keys/pseudonym-2.key"));
  await home.restartProxy();
  expect(await rows(PSEUDONYMS)).toEqual(first);
  expect(await keyOfLastSession()).toBe(1);
});
