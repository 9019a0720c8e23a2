// The ledger, verified by a program whose verification nobody here wrote: Go's own transparency-log packages.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sealObjects } from "#functions/seal-ledger/seal.ts";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import { LedgerWriter, loadLedger } from "#proxy/recorder/ledger-writer.ts";
import type { ObjectRecord } from "#shared/evidence/segment.ts";
import { type Fate, immortal, mortal } from "#test/support/crashing.ts";
import { recorderParts, temporaryState } from "#test/support/evidence.ts";
import { MemorySequence, memoryHead } from "#test/support/memory-sequence.ts";
import { MemoryStore } from "#test/support/memory-store.ts";
import { ROOT } from "#test/support/project.ts";

const state = temporaryState();
const program = join(state.path, "ledger-verifier");
const ledger = join(state.path, "evidence", "ledger");
const key = join(state.path, "keys", "ledger.pub");
let parts: Awaited<ReturnType<typeof recorderParts>>;
/** Heads as they were signed on the way. */
const heads: string[] = [];

function record(i: number): ObjectRecord {
  const sha256 = nodeSha256.text(`object ${i}`, "hex");
  const range = `${String(i).padStart(10, "0")}-${String(i).padStart(10, "0")}`;
  const path = `events/v1/date=2026-11-21/target=clinic/S${i % 97}/${range}.ndjson.zst`;
  return { key: path, sha256, bytes: i, first: i, last: i, final: i % 97 === 0 };
}

function verifier(folder: string, ...more: readonly string[]): { readonly ok: boolean; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(program, [folder, key, ...more], { encoding: "utf8" });
  return { ok: status === 0, said: `${stdout}${stderr}`.trim() };
}

/** Size and root of a checkpoint. */
const headOf = (checkpoint: string) => checkpoint.split("\n").slice(1, 3) as [string, string];

beforeAll(async () => {
  execFileSync("go", ["build", "-trimpath", "-o", program, "."], { cwd: join(ROOT, "test/thirdparty/ledger") });
  parts = await recorderParts(state.path);
  const patience = { retryMs: 10, stopped: false, trouble: new Set<string>(), onProblem: () => {} };
  // Small steps and large ones, over more than two full tiles, with a new writer in between.
  let written = 0;
  for (const steps of [
    [0, 1, 2, 100, 200],
    [1, 300, 40, 7],
  ]) {
    const writer = new LedgerWriter(parts, (await loadLedger(parts)).tree, patience);
    await writer.begin([]);
    for (const step of steps) {
      await Promise.all(Array.from({ length: step }, () => writer.append(record(written++))));
      heads.push(readFileSync(join(ledger, "checkpoint"), "utf8"));
    }
  }
}, 300_000);

afterAll(async () => {
  await parts.journal.close();
  state.remove();
});

describe("the ledger", () => {
  it("is accepted by Go's sumdb packages: head, tiles, every entry", () => {
    const [size, root] = headOf(heads.at(-1) ?? "");
    expect(Number(size)).toBeGreaterThan(2 * 256);
    expect(verifier(ledger)).toEqual({ ok: true, said: `ok ${size} ${root}` });
  });

  it("is proven to have only grown since each earlier head", () => {
    for (const head of heads) {
      const [size, root] = headOf(head);
      if (size !== "0") expect(verifier(ledger, size, root).said).toMatch(/^ok/);
    }
    const [size] = headOf(heads[2] ?? "");
    const other = Buffer.alloc(32, 7).toString("base64");
    expect(verifier(ledger, size, other).ok).toBe(false);
  });

  it("is rejected with one bit changed, anywhere in any object", () => {
    const files = readdirSync(ledger, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThanOrEqual(8);
    for (const file of files) {
      const path = join(file.parentPath, file.name);
      const bytes = readFileSync(path);
      chmodSync(path, 0o600);
      for (const at of [0, Math.floor(bytes.length / 3), Math.floor(bytes.length / 2), bytes.length - 1]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ 4;
        writeFileSync(path, changed);
        expect(verifier(ledger).ok, `${path} byte ${at}`).toBe(false);
      }
      writeFileSync(path, bytes);
    }
    expect(verifier(ledger).ok).toBe(true);
  });

  it("is rejected with an object missing", () => {
    const copy = mkdtempSync(join(tmpdir(), "postern-ledger-"));
    try {
      for (const entry of readdirSync(ledger, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        cpSync(ledger, copy, { recursive: true, force: true });
        rmSync(join(copy, join(entry.parentPath, entry.name).slice(ledger.length)));
        expect(verifier(copy).ok, entry.name).toBe(false);
      }
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });
});

describe("a ledger that the function on AWS has written, dying on its way and running twice at once", () => {
  it("is accepted by Go's sumdb packages at every head, and has only grown", async () => {
    const store = new MemoryStore();
    const sequence = new MemorySequence();
    const head = memoryHead(store);
    const open = (fate: Fate) => ({
      ...parts,
      store: mortal(store, fate),
      sequence: mortal(sequence, fate),
      head: mortal(head, fate),
    });
    const folder = mkdtempSync(join(tmpdir(), "postern-ledger-"));
    const seen: [string, string][] = [];
    try {
      for (const [round, count] of [1, 2, 250, 3, 300, 40].entries()) {
        const records = Array.from({ length: count }, (_, i) => record(1000 * round + i));
        for (let left = 0; left < 8; left++)
          await sealObjects(open({ left, after: left % 2 === 0, dead: false }), records).catch(() => undefined);
        await Promise.all([records, records].map((same) => sealObjects(open(immortal()), same)));
        for (const [path, bytes] of store.objects) {
          mkdirSync(dirname(join(folder, path)), { recursive: true });
          writeFileSync(join(folder, path), bytes);
        }
        const own = headOf(Buffer.from(store.objects.get("ledger/checkpoint") ?? []).toString("utf8"));
        expect(verifier(join(folder, "ledger")).said).toBe(`ok ${own[0]} ${own[1]}`);
        for (const earlier of seen) expect(verifier(join(folder, "ledger"), ...earlier).ok).toBe(true);
        seen.push(own);
      }
      expect(Number(seen.at(-1)?.[0])).toBe(596);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
