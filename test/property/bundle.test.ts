// Bundles: what was not touched verifies with the public key alone; any change is found, by the command and by the verifier that shares no
// code with it.
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "#cli/evidence/bundle-file.ts";
import { nodeSha256 as sha256 } from "#proxy/adapters/node-crypto.ts";
import { verifyBundle } from "#shared/evidence/bundle.ts";
import { leafHash, MerkleTree } from "#shared/evidence/merkle.ts";
import { Prover, provenRoot } from "#shared/evidence/proof.ts";
import { BadEvidence } from "#shared/evidence/verify-types.ts";
import { newIdentity, openTestRecorder, temporaryState, useSession } from "#test/support/evidence.ts";
import { verifyTools } from "#test/support/memory-store.ts";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";

const state = temporaryState();
const CLI = fileURLToPath(new URL("../support/evidence-cli.ts", import.meta.url));
const first = newIdentity();
const second = newIdentity("billing");
const one = join(state.path, "one.jsonl");
const all = join(state.path, "all.jsonl");
let key: string;

function postern(...args: string[]) {
  const env = { ...environment(), POSTERN_STATE: state.path };
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { env, encoding: "utf8" });
  return { code: status, out: stdout, err: stderr };
}

function standalone(path: string, ...more: string[]) {
  const run = spawnSync(process.execPath, [join(ROOT, "cli/verify-bundle.mjs"), path, ...more], { encoding: "utf8" });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

/** Null when it verifies; else what is wrong. */
async function wrongWith(path: string, trusted?: string): Promise<string | null> {
  try {
    const bundle = await readBundle(path);
    try {
      return (await verifyBundle(bundle, verifyTools, trusted)).bad?.what ?? null;
    } finally {
      await bundle.close();
    }
  } catch (error) {
    if (error instanceof BadEvidence) return error.place.what;
    throw error;
  }
}

beforeAll(async () => {
  const recorder = await openTestRecorder(state.path);
  await (await useSession(recorder, first, 3)).close("terminated by the client");
  await (await useSession(recorder, second, 1)).close("terminated by the client");
  await recorder.close();
  key = readFileSync(join(state.path, "keys/ledger.pub"), "utf8").trim();
  expect(postern("bundle", first.session, "-o", one)).toMatchObject({ code: 0 });
  expect(postern("bundle", "--since", "2000-01-01", "-o", all)).toMatchObject({ code: 0 });
}, 30_000);

afterAll(() => state.remove());

describe("a bundle that nobody touched", () => {
  it("verifies with the key alone, and says what it cannot tell", () => {
    for (const [path, sessions] of [[one, 1] as const, [all, 2] as const]) {
      const { code, out } = postern("verify", path, "--key", key);
      expect(code).toBe(0);
      expect(out).toContain(`sessions  ${sessions}`);
      expect(out).toContain("cannot be told from a bundle");
      expect(standalone(path, key)).toMatchObject({ code: 0, err: "" });
      expect(standalone(path, key).out).toContain(`ok  ${sessions} sessions (0 without an end)`);
    }
    expect(postern("verify", one).out).toContain("the key came with the bundle");
    expect(standalone(one).out).toContain("the key came with the bundle");
    expect(postern("verify", one, "--key", join(state.path, "keys/ledger.pub")).code).toBe(0);
  });

  it("does not verify with the key of another ledger", async () => {
    const other = temporaryState();
    await (await openTestRecorder(other.path)).close();
    const stranger = readFileSync(join(other.path, "keys/ledger.pub"), "utf8").trim();
    other.remove();
    expect(await wrongWith(one, stranger)).not.toBeNull();
    expect(standalone(one, stranger).code).toBe(1);
  });

  it("is not written over, and not made of nothing", () => {
    expect(postern("bundle", first.session, "-o", one)).toMatchObject({ code: 2 });
    expect(postern("bundle", "nobody", "-o", join(state.path, "x"))).toMatchObject({ code: 1 });
    expect(postern("bundle", "--until", "2000-01-01", "-o", join(state.path, "x")).err).toContain("nothing of that");
    expect(existsSync(join(state.path, "x"))).toBe(false);
  });
});

describe("a change", () => {
  const changed = join(state.path, "changed.jsonl");

  it("of any byte is found, and the standalone verifier agrees", async () => {
    const bytes = readFileSync(one);
    const step = Math.max(1, Math.floor(bytes.length / 400));
    for (let at = randomInt(step); at < bytes.length; at += step) {
      const other = Buffer.from(bytes);
      other[at] = (other[at] ?? 0) ^ (1 << randomInt(8));
      writeFileSync(changed, other);
      // Where the bundle's own words about itself are (what was asked for, when), and its copy of the key, nothing is claimed.
      const claims = JSON.stringify(headOf(other)) !== JSON.stringify(headOf(bytes));
      expect(claims || (await wrongWith(changed, key)) !== null, `byte ${at}`).toBe(true);
    }
    for (let i = 0; i < 25; i++) {
      const other = Buffer.from(bytes);
      const at = bytes.indexOf(10) + randomInt(bytes.length - bytes.indexOf(10));
      other[at] = (other[at] ?? 0) ^ (1 << randomInt(8));
      writeFileSync(changed, other);
      expect(await wrongWith(changed, key), `byte ${at}`).not.toBeNull();
      expect(standalone(changed, key).code, `byte ${at}`).toBe(1);
    }
  }, 60_000);

  it("of lines is found by both: removed, doubled, moved, from another bundle", async () => {
    const lines = readFileSync(all, "utf8").trimEnd().split("\n");
    const variants = lines.flatMap((line, i) => [lines.toSpliced(i, 1), lines.toSpliced(i, 0, line)]);
    variants.push([...lines, lines[1] as string], lines.toReversed());
    for (const [i, variant] of variants.entries()) {
      writeFileSync(changed, `${variant.join("\n")}\n`);
      expect(await wrongWith(changed, key), `variant ${i}`).not.toBeNull();
      expect(standalone(changed, key).code, `variant ${i}`).toBe(1);
    }
    copyFileSync(all, changed);
    writeFileSync(changed, readFileSync(changed).subarray(0, -1));
    expect(await wrongWith(changed, key)).not.toBeNull();
    expect(standalone(changed, key).code).toBe(1);
  }, 60_000);
});

function headOf(bytes: Buffer): { scope?: unknown; made?: unknown; key?: unknown } | null {
  try {
    const { scope, made, key: own } = JSON.parse(bytes.subarray(0, bytes.indexOf(10)).toString());
    return { scope, made, key: own };
  } catch {
    return null;
  }
}

describe("a proof", () => {
  it("leads to the root for every leaf of every tree, and no other proof does", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), fc.nat(), (size, some, flip) => {
        const leaves = Array.from({ length: size }, (_, i) => leafHash(Buffer.from(String(i)), sha256));
        const tree = new MerkleTree(sha256);
        for (const leaf of leaves) tree.append(leaf);
        const index = some % size;
        const leaf = leaves[index] as Uint8Array;
        const proof = new Prover(leaves, sha256).path(index);
        const root = Buffer.from(tree.root());
        expect(Buffer.from(provenRoot(leaf, index, size, proof, sha256) ?? [])).toEqual(root);
        expect(provenRoot(leaf, index, size, [...proof, leaf], sha256)).toBeNull();
        if (proof.length === 0) return;
        expect(provenRoot(leaf, index, size, proof.slice(1), sha256)).toBeNull();
        const other = proof.map((hash) => Uint8Array.from(hash));
        const place = other[flip % other.length] as Uint8Array;
        place[flip % 32] = (place[flip % 32] ?? 0) ^ 1;
        expect(Buffer.from(provenRoot(leaf, index, size, other, sha256) ?? [])).not.toEqual(root);
        expect(provenRoot(leaf, size, size, proof, sha256)).toBeNull();
      }),
    );
  });
});
