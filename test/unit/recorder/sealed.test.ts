// The sealed lane of the recorder: on its way to the store it is nowhere in the clear, and only the officers' key opens it.
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { localWrappedKeys, openLocalDataKeyOpener, openLocalDataKeys } from "#proxy/adapters/local-data-keys.ts";
import { LocalStore } from "#proxy/adapters/local-store.ts";
import { openRecorder, type Recorder } from "#proxy/recorder/recorder.ts";
import { splitBlocks } from "#shared/evidence/recording.ts";
import { newIdentity, openTestRecorder, recorderParts, temporaryState, useSession } from "#test/support/evidence.ts";
import { copyStore, verifyStore } from "#test/support/memory-store.ts";
import { openSealed } from "#test/support/sealed.ts";

const CANARY = "Zebra-Quaggamire";
let state: ReturnType<typeof temporaryState>;
let copy: ReturnType<typeof temporaryState>;
let recorder: Recorder;

beforeEach(async () => {
  state = temporaryState();
  copy = temporaryState();
  recorder = await openTestRecorder(state.path);
});

afterEach(async () => {
  await recorder.close();
  for (const made of [state, copy]) made.remove();
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const verify = (path: string) => verifyStore(LocalStore.forReading(join(path, "evidence")), join(path, "keys"));

describe("the sealed lane", () => {
  it("keeps what it is given, by kind and event, and is verified without its key", async () => {
    const identity = newIdentity();
    const session = await useSession(recorder, identity, 2);
    session.seal({ kind: "statement", ref: 2, bytes: Buffer.from(`SELECT '${CANARY}'`) });
    session.seal({ kind: "result", ref: 2, bytes: Buffer.from("first ") });
    session.seal({ kind: "result", ref: 2, bytes: Buffer.from("second") });
    session.seal({ kind: "result", ref: 3, bytes: Buffer.from("third") });
    await session.close("client left");
    const { parts, whole } = await openSealed(state.path, identity.session);
    expect(whole).toBe(true);
    expect(parts.map(({ kind, ref, bytes }) => `${kind} ${ref} ${bytes}`)).toEqual([
      `statement 2 SELECT '${CANARY}'`,
      "result 2 first second",
      "result 3 third",
    ]);
    expect(await verify(state.path)).toMatchObject({ ok: true });
    const leaves = [...(await copyStore(join(state.path, "evidence"))).keys()];
    expect(leaves.filter((key) => key.startsWith("sealed/v1/"))).toHaveLength(1);
  });

  it("is not there for a session that has sealed nothing", async () => {
    const identity = newIdentity();
    await (await useSession(recorder, identity, 1)).close("client left");
    expect([...(await copyStore(join(state.path, "evidence"))).keys()].some((key) => key.startsWith("sealed/"))).toBe(
      false,
    );
    expect(await localWrappedKeys(join(state.path, "keys/sealed")).get(identity.session)).toBeNull();
  });

  it("is spooled encrypted, and recovered after a kill", async () => {
    const identity = newIdentity();
    const session = await useSession(recorder, identity, 1);
    session.seal({ kind: "statement", ref: 2, bytes: Buffer.from(`SELECT '${CANARY}'`) });
    const spooled = () => readdirSync(join(state.path, "spool")).filter((name) => name.endsWith(",sealed"));
    // A spool is there a moment before its first block.
    const blocks = () =>
      spooled().map((name) => splitBlocks(readFileSync(join(state.path, "spool", name))).frames.length);
    await vi.waitFor(() => expect(blocks()).toEqual([1]));
    for (const file of filesBelow(state.path)) expect(readFileSync(file).includes(CANARY), file).toBe(false);
    cpSync(state.path, copy.path, { recursive: true });
    const next = await openTestRecorder(copy.path);
    expect(next.recovered.sessions).toContain(identity.session);
    await next.close();
    const { parts, whole } = await openSealed(copy.path, identity.session);
    expect(parts.map(({ bytes }) => String(bytes))).toEqual([`SELECT '${CANARY}'`]);
    expect(whole).toBe(false);
    expect(await verify(copy.path)).toMatchObject({ ok: true });
    await session.close("client left");
  });

  it("grows over several parts and blocks", async () => {
    const identity = newIdentity();
    const session = await useSession(recorder, identity, 1);
    const all: Buffer[] = [];
    for (let i = 0; i < 60; i++) {
      const bytes = Buffer.alloc(150_000);
      crypto.getRandomValues(bytes.subarray(0, 60_000));
      crypto.getRandomValues(bytes.subarray(60_000, 120_000));
      all.push(bytes);
      session.seal({ kind: "result", ref: 2, bytes });
      if (!session.writable) await session.drained();
    }
    await session.close("client left");
    const { parts, whole } = await openSealed(state.path, identity.session);
    expect(whole).toBe(true);
    expect(parts).toHaveLength(1);
    expect(parts[0]!.bytes.equals(Buffer.concat(all))).toBe(true);
    const sizes = [...(await copyStore(join(state.path, "evidence")))].filter(([key]) => key.startsWith("sealed/"));
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes.map(([, bytes]) => bytes.length))).toBeLessThan(5_000_000);
    expect(await verify(state.path)).toMatchObject({ ok: true });
  });

  it("lets nothing run while no key can be made, and loses nothing", async () => {
    const problems: string[] = [];
    const parts = await recorderParts(copy.path, problems);
    let failing = true;
    const dataKeys = {
      generate: (context: { session: string; target: string }) =>
        failing ? Promise.reject(new Error("no KMS")) : parts.sealing.dataKeys.generate(context),
    };
    const other = await openRecorder({ ...parts, sealing: { ...parts.sealing, dataKeys } });
    const identity = newIdentity();
    const session = await useSession(other, identity, 1);
    session.seal({ kind: "statement", ref: 2, bytes: Buffer.from("SELECT 1") });
    await vi.waitFor(() => expect(other.available).toBe(false));
    failing = false;
    await vi.waitFor(() => expect(other.available).toBe(true));
    await session.close("client left");
    expect((await openSealed(copy.path, identity.session)).parts.map(({ bytes }) => String(bytes))).toEqual([
      "SELECT 1",
    ]);
    expect(problems.join()).toContain("making a data key");
    await other.close();
  });
});

describe("data keys of the home", () => {
  it("open for their session and target, and for nobody without the private half", async () => {
    const keys = join(copy.path, "keys");
    const made = await openLocalDataKeys(keys);
    const context = { session: "01A", target: "clinic" };
    const { key, wrapped } = await made.generate(context);
    const opener = await openLocalDataKeyOpener(join(keys, "sealed.key"));
    expect(Buffer.from(await opener.open(wrapped, context)).equals(key)).toBe(true);
    await expect(opener.open(wrapped, { ...context, session: "01B" })).rejects.toThrow();
    await expect(opener.open(wrapped, { ...context, target: "other" })).rejects.toThrow();
    const stranger = await openLocalDataKeyOpener(join(state.path, "keys/sealed.key"));
    await expect(stranger.open(wrapped, context)).rejects.toThrow();
    const again = await openLocalDataKeys(keys);
    expect(Buffer.from(await opener.open((await again.generate(context)).wrapped, context))).toHaveLength(32);
  });

  it("are kept once, and destroyed for good", async () => {
    const kept = localWrappedKeys(join(copy.path, "keys/sealed"));
    await kept.put("01A", Buffer.from("one"));
    await kept.put("01A", Buffer.from("one"));
    await expect(kept.put("01A", Buffer.from("two"))).rejects.toThrow();
    expect(String(await kept.get("01A"))).toBe("one");
    await kept.destroy("01A");
    await kept.destroy("01A");
    expect(await kept.get("01A")).toBeNull();
    expect(filesBelow(copy.path)).toEqual([]);
    await expect(kept.put("../01A", Buffer.from("one"))).rejects.toThrow();
  });
});
