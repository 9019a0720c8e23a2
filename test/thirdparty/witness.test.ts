// Witnesses that nobody here wrote: two litewitness (filippo.io/torchwood) cosign a ledger of ours as it grows, and refuse its fork; what they signed is verified by
// transparency-dev's packages, under the same policy file.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askWitness } from "#functions/adapters/witness-http.ts";
import { readVerifierKey } from "#proxy/adapters/local-signer.ts";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import type { RecorderOptions } from "#proxy/recorder/options.ts";
import { type CosignReport, cosignHead } from "#shared/evidence/cosign.ts";
import { CHECKPOINT_KEY, COSIGNED_KEY, leafBytes } from "#shared/evidence/ledger.ts";
import { putTile, signHead } from "#shared/evidence/ledger-write.ts";
import type { SignerPort } from "#shared/evidence/ports.ts";
import type { ObjectRecord } from "#shared/evidence/segment.ts";
import { TiledTree } from "#shared/evidence/tiles.ts";
import { verifyEvidence } from "#shared/evidence/verify.ts";
import { parseWitnessPolicy } from "#shared/evidence/witness-policy.ts";
import { recorderParts, temporaryState } from "#test/support/evidence.ts";
import { type Litewitness, openLitewitness } from "#test/support/litewitness.ts";
import { memoryHead } from "#test/support/memory-sequence.ts";
import { MemoryStore, verifyTools } from "#test/support/memory-store.ts";
import { ROOT } from "#test/support/project.ts";

const state = temporaryState();
// A socket's path has to be short.
const short = mkdtempSync(join(tmpdir(), "w-"));
const sources = join(ROOT, "test/thirdparty/witness");
const [litewitness, cosigned] = [join(state.path, "litewitness"), join(state.path, "cosigned")];
const [policyFile, noteFile] = [join(state.path, "witnesses"), join(state.path, "note")];
let parts: RecorderOptions & { readonly signer: SignerPort };
let witnesses: readonly Litewitness[];

function record(i: number): ObjectRecord {
  const key = `events/v1/date=2026-11-21/target=clinic/S${i}/0000000001-0000000001.ndjson.zst`;
  return { key, sha256: nodeSha256.text(`object ${i}`, "hex"), bytes: i, first: 1, last: 1, final: true };
}

/** A ledger in memory, signed by the key of a home. */
class Ledger {
  readonly store: MemoryStore;
  readonly #tree = new TiledTree(nodeSha256);

  constructor(store = new MemoryStore(), leaves: readonly number[] = []) {
    this.store = store;
    for (const leaf of leaves) this.#tree.append(leafBytes(record(leaf)));
    this.#tree.take(true);
  }

  async grow(leaves: Iterable<number>): Promise<this> {
    for (const leaf of leaves) this.#tree.append(leafBytes(record(leaf)));
    for (const tile of this.#tree.take(true)) await putTile(this.store, tile);
    await this.store.replace(CHECKPOINT_KEY, await signHead(this.#tree, parts));
    return this;
  }

  async cosign(): Promise<CosignReport> {
    return cosignHead({
      ...verifyTools,
      reader: this.store,
      cosigned: memoryHead(this.store, COSIGNED_KEY),
      verifierKey: parts.signer.verifierKey,
      policy: policy(),
      ask: askWitness,
    });
  }

  /** What transparency-dev's packages say of an object of it. */
  outside(key = COSIGNED_KEY): { readonly ok: boolean; readonly said: string } {
    writeFileSync(noteFile, this.store.objects.get(key) ?? "");
    const args = [noteFile, parts.signer.verifierKey, policyFile];
    const { status, stdout, stderr } = spawnSync(cosigned, args, { encoding: "utf8" });
    return { ok: status === 0, said: `${stdout}${stderr}`.trim() };
  }

  verify() {
    return verifyEvidence(this.store, verifyTools, {
      scope: { type: "days", since: "2000-01-01", until: "2000-01-01" },
      verifierKey: parts.signer.verifierKey,
      pending: () => Promise.resolve({ lines: new Map(), announced: [] }),
      settle: () => Promise.resolve(),
      witnesses: policy(),
    });
  }
}

const policy = () => parseWitnessPolicy(readFileSync(policyFile, "utf8"), nodeSha256);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

beforeAll(async () => {
  for (const [program, what] of [
    [litewitness, "filippo.io/torchwood/cmd/litewitness"],
    [cosigned, "."],
  ] as const)
    execFileSync("go", ["build", "-trimpath", "-o", program, what], { cwd: sources });
  parts = await recorderParts(state.path);
  expect(await readVerifierKey(join(state.path, "keys"))).toBe(parts.signer.verifierKey);
  witnesses = await Promise.all(
    ["one", "two"].map((name) => openLitewitness(litewitness, join(short, name), `${name}.witness.example`)),
  );
  const lines = witnesses.map(({ name, key, url }) => `witness ${name} ${key} ${url}`);
  const both = `group both all ${witnesses.map(({ name }) => name).join(" ")}`;
  writeFileSync(policyFile, [...lines, both, "quorum both", ""].join("\n"));
}, 600_000);

afterAll(async () => {
  for (const one of witnesses ?? []) await one.close();
  await parts?.journal.close();
  state.remove();
  rmSync(short, { recursive: true, force: true });
});

describe("a ledger", () => {
  const ledger = new Ledger();
  const forks: Ledger[] = [];

  it("that witnesses do not know is not cosigned, and the answer says why", async () => {
    await ledger.grow([0]);
    const refused = Object.fromEntries(witnesses.map(({ name }) => [name, "unknown"]));
    expect(await ledger.cosign()).toEqual({ head: 1, cosigned: 0, refused });
    expect(ledger.outside(CHECKPOINT_KEY)).toEqual({ ok: false, said: "the head is not cosigned by enough witnesses" });
    for (const one of witnesses) one.know(parts.signer.name, parts.signer.verifierKey);
  });

  it("is cosigned at every size, over more than two full tiles, and the outside agrees", async () => {
    let size = 1;
    for (const more of [0, 1, 2, 5, 100, 150, 1, 300, 40]) {
      await ledger.grow(range(size, size + more));
      size += more;
      expect(await ledger.cosign()).toEqual({ head: size, cosigned: size, refused: {} });
      const [, , root] = Buffer.from(ledger.store.objects.get(CHECKPOINT_KEY) ?? [])
        .toString("utf8")
        .split("\n");
      expect(ledger.outside()).toEqual({ ok: true, said: `ok ${size} ${root}` });
      expect(await ledger.verify()).toMatchObject({ ok: true, cosigned: { size, by: [{}, {}] } });
      if (size === 259) forks.push(new Ledger(ledger.store.copy(), range(0, size)));
    }
    expect(size).toBe(600);
  });

  it("goes on with witnesses whose size it has forgotten, or that were away", async () => {
    ledger.store.objects.delete(COSIGNED_KEY);
    await ledger.grow(range(600, 610));
    expect(await ledger.cosign()).toEqual({ head: 610, cosigned: 610, refused: {} });
    const [, two] = witnesses as [Litewitness, Litewitness];
    await two.stop();
    await ledger.grow(range(610, 620));
    expect(await ledger.cosign()).toEqual({ head: 620, cosigned: 610, refused: { [two.name]: "unreachable" } });
    await two.start();
    expect(await ledger.cosign()).toEqual({ head: 620, cosigned: 620, refused: {} });
    expect(ledger.outside().ok).toBe(true);
  });

  it("that is forked is not cosigned, at any size, and verifying names it", async () => {
    const conflict = Object.fromEntries(witnesses.map(({ name }) => [name, "conflict"]));
    const larger = Object.fromEntries(witnesses.map(({ name }) => [name, "larger"]));
    const [fork] = forks as [Ledger];
    // The fork's own head of 259 is the ledger's; from there on it differs.
    await fork.grow(range(9000, 9100));
    expect(await fork.cosign()).toEqual({ head: 359, cosigned: 259, refused: larger });
    await fork.grow(range(9100, 9361));
    expect(await fork.cosign()).toEqual({ head: 620, cosigned: 259, refused: conflict });
    await fork.grow(range(9361, 9400));
    expect(await fork.cosign()).toEqual({ head: 659, cosigned: 259, refused: conflict });
    // What it still has is old; with the newest that witnesses signed it is found out.
    expect((await fork.verify()).notes).toContain("the newest 400 entries are not under a cosigned head yet");
    fork.store.objects.set(COSIGNED_KEY, ledger.store.objects.get(COSIGNED_KEY) as Uint8Array);
    const names = witnesses.map(({ name }) => name).join(", ");
    const what = `the ledger's first 620 entries are not those that ${names} cosigned`;
    expect(await fork.verify()).toMatchObject({ ok: false, bad: { key: COSIGNED_KEY, what } });
  });

  it("with one bit of its cosigned head changed is accepted by nobody", async () => {
    const note = Buffer.from(ledger.store.objects.get(COSIGNED_KEY) ?? []);
    for (let at = 0; at < note.length; at += 17) {
      const changed = Buffer.from(note);
      changed[at] = (changed[at] ?? 0) ^ 1;
      ledger.store.objects.set(COSIGNED_KEY, changed);
      expect((await ledger.verify()).ok, `byte ${at}`).toBe(false);
      expect(ledger.outside().ok, `byte ${at}`).toBe(false);
    }
    ledger.store.objects.set(COSIGNED_KEY, note);
    expect((await ledger.verify()).ok).toBe(true);
  });
});
