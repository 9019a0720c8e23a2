import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { allLocalKeys, openLocalKey, rotateLocalKey } from "#proxy/adapters/local-hmac-keys.ts";
import { column, ENVIRONMENT, maskCell, OID } from "#test/support/masking.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "postern-keys-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const shown = () => {
  const { version, hmac } = openLocalKey(folder, "pseudonym");
  return [
    version,
    String(maskCell("pseudonym", column(OID.text), Buffer.from("MRN-0000018"), { ...ENVIRONMENT, hmac })),
  ];
};

test("a key lasts, and nobody else may read it", () => {
  const first = shown();
  expect(first[0]).toBe(1);
  expect(shown()).toEqual(first);
  expect(statSync(join(folder, "pseudonym.key")).mode & 0o777).toBe(0o600);
});

test("with another version the same value has another pseudonym, and the older keys stay", () => {
  const pseudonyms = [shown()];
  for (let i = 0; i < 10; i++) {
    rotateLocalKey(folder, "pseudonym");
    pseudonyms.push(shown());
  }
  expect(pseudonyms.map(([version]) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(new Set(pseudonyms.map(([, text]) => text)).size).toBe(11);
  expect(readdirSync(folder)).toHaveLength(11);
});

test("a key that is not whole is refused, however new", () => {
  openLocalKey(folder, "pseudonym");
  writeFileSync(join(folder, "pseudonym-2.key"), "short");
  expect(() => openLocalKey(folder, "pseudonym")).toThrow(/not a key of 32 bytes/);
});

test("there is nothing to rotate before there is a first key", () => {
  expect(() => rotateLocalKey(folder, "pseudonym")).toThrow();
});

test("what was made with any key can be told by those that are kept; kinds do not mix", () => {
  const message = Buffer.from("x");
  const first = openLocalKey(folder, "disclosure").hmac(message);
  rotateLocalKey(folder, "disclosure");
  openLocalKey(folder, "pseudonym");
  const all = allLocalKeys(folder, "disclosure");
  expect(all.map((key) => key.version)).toEqual([1, 2]);
  expect(all[0]?.hmac(message)).toEqual(first);
  expect(openLocalKey(folder, "disclosure").hmac(message)).toEqual(all[1]?.hmac(message));
});
