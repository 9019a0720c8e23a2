// Witnesses of the ledger: every answer that one can give, and what is kept of it; a fork that one of them has not seen; and what verifying says of it.
import { generateKeyPairSync, sign } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { askWitness } from "#functions/adapters/witness-http.ts";
import { cosignLedger } from "#functions/cosign-ledger/cosign.ts";
import { nodeSha256 as sha256, nodeVerifyEd25519 as verifyEd25519 } from "#proxy/adapters/node-crypto.ts";
import { parseNote, verifierKey } from "#shared/evidence/checkpoint.ts";
import { type CosignParts, cosignHead, type Refusal } from "#shared/evidence/cosign.ts";
import { CHECKPOINT_KEY, COSIGNED_KEY, leafBytes } from "#shared/evidence/ledger.ts";
import { putTile, signHead } from "#shared/evidence/ledger-write.ts";
import type { ObjectRecord } from "#shared/evidence/segment.ts";
import { TiledTree } from "#shared/evidence/tiles.ts";
import { verifyEvidence } from "#shared/evidence/verify.ts";
import type { VerifyReport } from "#shared/evidence/verify-types.ts";
import { allOf, parseWitnessPolicy, type WitnessPolicy } from "#shared/evidence/witness-policy.ts";
import { type Answer, type FakeWitness, says, startFakeWitness, textIn } from "#test/support/fake-witness.ts";
import { memoryHead } from "#test/support/memory-sequence.ts";
import { MemoryStore, verifyTools } from "#test/support/memory-store.ts";

const NAME = "ledger.example";
const pair = generateKeyPairSync("ed25519");
const publicKey = Buffer.from(pair.publicKey.export({ format: "jwk" }).x ?? "", "base64url");
const KEY = verifierKey(NAME, publicKey, sha256);
const signer = {
  name: NAME,
  publicKey,
  verifierKey: KEY,
  sign: (message: Uint8Array) => Promise.resolve(sign(null, message, pair.privateKey)),
};

function record(session: string): ObjectRecord {
  const key = `events/v1/date=2026-11-20/target=clinic/${session}/0000000001-0000000001.ndjson.zst`;
  return { key, sha256: sha256.text(session, "hex"), bytes: 1, first: 1, last: 1, final: true };
}

/** A ledger that grows; `from` is one that it was the same as until then. */
class Ledger {
  readonly store: MemoryStore;
  readonly leaves: string[];
  readonly #tree = new TiledTree(sha256);

  constructor(from?: Ledger) {
    this.store = from?.store.copy() ?? new MemoryStore();
    this.leaves = [...(from?.leaves ?? [])];
    for (const leaf of this.leaves) this.#tree.append(leafBytes(record(leaf)));
  }

  async grow(...sessions: string[]): Promise<this> {
    for (const session of sessions) this.#tree.append(leafBytes(record(session)));
    this.leaves.push(...sessions);
    for (const tile of this.#tree.take(true)) await putTile(this.store, tile);
    await this.store.replace(CHECKPOINT_KEY, await signHead(this.#tree, { signer, sha256 }));
    return this;
  }
}

let witnesses: FakeWitness[];
let ledger: Ledger;
beforeEach(async () => {
  witnesses = await Promise.all(["w1.example", "w2.example"].map(startFakeWitness));
  ledger = await new Ledger().grow("A", "B", "C");
});
afterEach(() => Promise.all(witnesses.map((one) => one.close())));

function policy(quorum: "any" | "all" = "all"): WitnessPolicy {
  const lines = witnesses.map(({ name, key, url }) => `witness ${name} ${key} ${url}\n`);
  const group = `group all-of-them ${quorum} ${witnesses.map(({ name }) => name).join(" ")}\n`;
  return parseWitnessPolicy(`${lines.join("")}${group}quorum all-of-them\n`, sha256);
}
const partsOf = (of: Ledger, wanted: WitnessPolicy): CosignParts => ({
  reader: of.store,
  cosigned: memoryHead(of.store, COSIGNED_KEY),
  verifierKey: KEY,
  policy: wanted,
  ask: askWitness,
  sha256,
  verifyEd25519,
});
const cosign = (of = ledger, wanted = policy()) => cosignHead(partsOf(of, wanted));
const kept = (of = ledger) => {
  const bytes = of.store.objects.get(COSIGNED_KEY);
  if (bytes === undefined) return null;
  const { text, signatures } = parseNote(Buffer.from(bytes).toString("utf8"));
  return { size: Number(text.split("\n")[1]), by: signatures.map(({ name }) => name).sort() };
};
const [first, second] = [() => witnesses[0] as FakeWitness, () => witnesses[1] as FakeWitness];

describe("a head", () => {
  test("that all have cosigned is kept beside the ledger's own, and not asked for again", async () => {
    expect(await cosign()).toEqual({ head: 3, cosigned: 3, refused: {} });
    expect(kept()).toEqual({ size: 3, by: [NAME, "w1.example", "w2.example"] });
    expect(await cosign()).toEqual({ head: 3, cosigned: 3, refused: {} });
    expect(first().asked).toHaveLength(1);
  });

  test("lists them as the policy does, whoever answered first", async () => {
    first().plan.push((body, response) => {
      setTimeout(() => response.writeHead(200).end(`${first().cosign(textIn(body))}\n`), 100);
    });
    await cosign();
    const note = Buffer.from(ledger.store.objects.get(COSIGNED_KEY) ?? []).toString("utf8");
    expect(parseNote(note).signatures.map(({ name }) => name)).toEqual([NAME, "w1.example", "w2.example"]);
  });

  test("of a ledger that grew is proven to go on from the one before, at the first attempt", async () => {
    await cosign();
    await ledger.grow("D", "E");
    expect(await cosign()).toMatchObject({ cosigned: 5, refused: {} });
    expect(first().asked[1]).toMatch(/^old 3\n([A-Za-z0-9+/]{43}=\n)+\nledger\.example\n5\n/);
    expect(first().asked).toHaveLength(2);
  });

  test("of an empty ledger, or of none, is nothing to witness", async () => {
    expect(await cosign(await new Ledger().grow())).toEqual({ head: 0, cosigned: 0, refused: {} });
    expect(await cosign(new Ledger())).toEqual({ head: 0, cosigned: 0, refused: {} });
    expect(first().asked).toHaveLength(0);
  });

  test("is cosigned by those that answer; the others are asked again, and they alone", async () => {
    second().plan.push(says(500));
    expect(await cosign()).toEqual({ head: 3, cosigned: 0, refused: { "w2.example": "failed" } });
    expect(kept()?.by).toEqual([NAME, "w1.example"]);
    expect(await cosign()).toEqual({ head: 3, cosigned: 3, refused: {} });
    expect(kept()?.by).toEqual([NAME, "w1.example", "w2.example"]);
    expect(first().asked).toHaveLength(1);
  });

  test("with enough cosignatures is not given up for a newer one without", async () => {
    await cosign();
    await ledger.grow("D");
    second().plan.push(says(500));
    expect(await cosign()).toMatchObject({ head: 4, cosigned: 3 });
    expect(kept()?.size).toBe(3);
    // The first has cosigned four meanwhile, and says so.
    expect(await cosign()).toEqual({ head: 4, cosigned: 4, refused: {} });
    expect(first().asked.at(-1)).toMatch(/^old 4\n\nledger/);
  });

  test("needs as many as the policy says, and no more", async () => {
    second().plan.push(says(500));
    expect(await cosign(ledger, policy("any"))).toMatchObject({ cosigned: 3 });
    expect(kept()?.by).toEqual([NAME, "w1.example"]);
  });

  test("that somebody else had cosigned first stays as theirs", async () => {
    const theirs = memoryHead(ledger.store, COSIGNED_KEY);
    first().plan.push((body, response) => {
      void theirs.replace(Buffer.from("theirs"), null);
      says(200, `${first().cosign(textIn(body))}\n`)(body, response);
    });
    const parts = { reader: ledger.store, cosigned: theirs, verifierKey: KEY, policy: policy(), ask: askWitness };
    await cosignHead({ ...parts, sha256, verifyEd25519 });
    expect(Buffer.from(ledger.store.objects.get(COSIGNED_KEY) ?? []).toString()).toBe("theirs");
    // It is no head: it is made anew.
    expect(await cosign()).toMatchObject({ cosigned: 3, refused: {} });
  });
});

describe("the function that asks witnesses", () => {
  afterEach(() => vi.restoreAllMocks());
  test.each([
    ["nothing while all cosign", [], null],
    ["that one failed", [says(500)], "not all witnesses cosigned the head"],
    ["that one has seen another ledger, though the other is enough", [says(422)], "the head is disputed by a witness"],
    ["that one has seen a larger one", [says(409, "9\n")], "the head is disputed by a witness"],
  ] as const)("says %s, in words that alarms count", async (_, plan, what) => {
    const said = vi.spyOn(console, "warn").mockImplementation(() => {});
    first().plan.push(...plan);
    await cosignLedger(async () => partsOf(ledger, policy("any")))({});
    const lines = said.mock.calls.map(([line]) => JSON.parse(String(line)).what);
    expect(lines).toEqual(what === null ? [] : [what]);
  });

  test("says that a head is short of its quorum, too", async () => {
    const said = vi.spyOn(console, "warn").mockImplementation(() => {});
    first().plan.push(says(422));
    await cosignLedger(async () => partsOf(ledger, policy("all")))({});
    expect(said.mock.calls.join()).toContain("disputed by a witness; the head is short of its quorum of witnesses");
  });
});

describe("a witness", () => {
  const own = (text: string) => first().cosign(text);
  const signing =
    (line: (text: string) => string): Answer =>
    (body, to) =>
      says(200, `${line(textIn(body))}\n`)(body, to);
  const answers: readonly (readonly [string, Refusal, Answer])[] = [
    ["does not know the ledger", "unknown", says(404)],
    ["does not know its key", "unknown", says(403)],
    ["finds no consistency", "conflict", says(422)],
    ["fails", "failed", says(500, "no")],
    ["did not understand", "failed", says(400)],
    ["has a larger ledger", "larger", says(409, "4\n")],
    ["is of two minds about its size", "failed", says(409, "0\n")],
    ["says nothing of its size", "failed", says(409, "")],
    ["says no number", "failed", says(409, "03\n")],
    ["says nothing", "failed", says(200)],
    ["says something else", "failed", says(200, "<html>")],
    ["signs in another's name", "failed", signing((text) => first().cosign(text, "w2.example"))],
    ["signs another ledger", "failed", signing((text) => own(text.replace(NAME, "another.example")))],
    ["signs another head", "failed", signing((text) => own(text.replace("\n3\n", "\n4\n")))],
    ["signs badly", "failed", signing((text) => `${own(text).slice(0, -12)}AAAAAAAAAA==`)],
    ["cuts its signature off", "failed", signing((text) => own(text).slice(0, 40))],
    ["goes away", "unreachable", (_, to) => void to.destroy()],
    ["sends without end", "unreachable", (_, to) => void to.writeHead(200).end("x".repeat(1 << 20))],
    ["leads elsewhere", "unreachable", (_, to) => void to.writeHead(307, { location: second().url }).end()],
  ];

  test.each(answers)("that %s is told apart: %s", async (_, refusal, answer) => {
    first().plan.push(answer);
    expect(await cosign()).toEqual({ head: 3, cosigned: 0, refused: { "w1.example": refusal } });
    expect(kept()?.by).toEqual([NAME, "w2.example"]);
    // It is asked again the next time.
    expect(await cosign()).toMatchObject({ cosigned: 3, refused: {} });
  });

  test("that does not answer is not waited for", { timeout: 15_000 }, async () => {
    first().plan.push(() => {});
    expect(await cosign()).toMatchObject({ refused: { "w1.example": "unreachable" } });
  });

  test("that is not there is unreachable", async () => {
    const wanted = policy();
    await first().close();
    expect(await cosign(ledger, wanted)).toMatchObject({ cosigned: 0, refused: { "w1.example": "unreachable" } });
  });

  test("that names another size each time is given up after three", async () => {
    first().plan.push(says(409, "1\n"), says(409, "2\n"), says(409, "1\n"), says(409, "2\n"));
    expect(await cosign()).toMatchObject({ refused: { "w1.example": "failed" } });
    expect(first().asked.map((body) => body.split("\n")[0])).toEqual(["old 0", "old 1", "old 2"]);
    first().plan.length = 0;
  });

  test("may sign with keys that nobody knows besides: their lines are left out", async () => {
    const stranger = await startFakeWitness("stranger.example");
    first().plan.push((body, to) => says(200, `${stranger.cosign(textIn(body))}\n${own(textIn(body))}\n`)(body, to));
    expect(await cosign()).toMatchObject({ refused: {} });
    expect(kept()?.by).toEqual([NAME, "w1.example", "w2.example"]);
    await stranger.close();
  });

  test("that has seen one ledger does not cosign a fork of it, however that is shown", async () => {
    const fork = new Ledger(ledger);
    await ledger.grow("D", "E");
    await cosign();
    for (const sessions of [["X", "Y"], ["Z"]]) {
      // As large first, then larger.
      await fork.grow(...sessions);
      expect(await cosign(fork)).toMatchObject({
        cosigned: 0,
        refused: { "w1.example": "conflict", "w2.example": "conflict" },
      });
      expect(kept(fork)).toBeNull();
    }
    expect(await cosign(await new Ledger().grow("A"))).toMatchObject({ refused: { "w1.example": "larger" } });
  });
});

describe("verifying", () => {
  /** The ledger alone: no session is in the scope. */
  const verify = (of: Ledger, wanted?: WitnessPolicy): Promise<VerifyReport> =>
    verifyEvidence(of.store, verifyTools, {
      scope: { type: "days", since: "2000-01-01", until: "2000-01-01" },
      verifierKey: KEY,
      pending: () => Promise.resolve({ lines: new Map(), announced: [] }),
      settle: () => Promise.resolve(),
      ...(wanted === undefined ? {} : { witnesses: wanted }),
    });
  const trusted = () =>
    allOf(
      witnesses.map(({ key }) => key),
      sha256,
    );

  test("says who has cosigned, and how much has come since", async () => {
    await cosign();
    await ledger.grow("D");
    const report = await verify(ledger, trusted());
    expect(report).toMatchObject({
      ok: true,
      head: { size: 4 },
      cosigned: { size: 3, by: [{ name: "w1.example" }, { name: "w2.example" }] },
    });
    expect(Math.abs((report.cosigned?.by[0]?.time ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(report.notes).toContain("the newest 1 entries are not under a cosigned head yet");
  });

  test("says that cosignatures were not checked when nobody names a witness", async () => {
    await cosign();
    const { ok, notes } = await verify(ledger);
    expect(ok).toBe(true);
    expect(notes.join()).toContain("whether w1.example, w2.example cosigned the head of 3 entries was not checked");
    expect((await verify(await new Ledger().grow("A"))).notes.join()).not.toContain("cosigned");
  });

  test("asks for those that are named", async () => {
    const bad = { key: COSIGNED_KEY, what: "no head of the ledger that witnesses have cosigned is kept" };
    expect(await verify(ledger, trusted())).toMatchObject({ ok: false, bad });
    second().plan.push(says(500));
    await cosign();
    const what = "the head of 3 entries is not cosigned by enough witnesses: not by w2.example";
    expect(await verify(ledger, trusted())).toMatchObject({ ok: false, bad: { key: COSIGNED_KEY, what } });
    expect(await verify(ledger, policy("any"))).toMatchObject({ ok: true });
    const others = parseWitnessPolicy(`log ${verifierKey("other.example", publicKey, sha256)}\nquorum none\n`, sha256);
    expect(await verify(ledger, others)).toMatchObject({
      ok: false,
      bad: { what: "the policy of witnesses is about other ledgers" },
    });
  });

  test("finds a cosignature with one bit changed, anywhere", async () => {
    await cosign();
    const note = Buffer.from(ledger.store.objects.get(COSIGNED_KEY) ?? []);
    const start = note.indexOf("— w1.example ") + Buffer.byteLength("— w1.example ");
    for (let at = start; at < note.indexOf("\n", start); at += 7) {
      const changed = Buffer.from(note);
      changed[at] = (changed[at] ?? 0) ^ 1;
      ledger.store.objects.set(COSIGNED_KEY, changed);
      expect((await verify(ledger, trusted())).bad?.key, String(at)).toBe(COSIGNED_KEY);
    }
  });

  test("names a ledger that is not the one that was cosigned: forked, or cut off", async () => {
    const fork = await new Ledger(ledger).grow("X", "Y", "Z");
    const short = new Ledger(ledger);
    await ledger.grow("D", "E");
    await cosign();
    const note = ledger.store.objects.get(COSIGNED_KEY) as Uint8Array;
    fork.store.objects.set(COSIGNED_KEY, note);
    short.store.objects.set(COSIGNED_KEY, note);
    const said = async (of: Ledger, wanted?: WitnessPolicy) => (await verify(of, wanted)).bad;
    const forked = "the ledger's first 5 entries are not those that w1.example, w2.example cosigned";
    expect(await said(fork, trusted())).toEqual({ key: COSIGNED_KEY, what: forked });
    // The ledger's own key has signed both: nobody need know a witness to see it.
    expect(await said(fork)).toEqual({ key: COSIGNED_KEY, what: forked });
    const cut = "the ledger is shorter than the head of 5 that w1.example, w2.example cosigned";
    expect(await said(short, trusted())).toEqual({ key: COSIGNED_KEY, what: cut });
  });
});
