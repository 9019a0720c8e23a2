// Evidence to test with: a state directory, a recorder on it, sessions with a bit of everything.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localWrappedKeys, openLocalDataKeys } from "#proxy/adapters/local-data-keys.ts";
import { LocalJournal } from "#proxy/adapters/local-journal.ts";
import { openLocalRecorder } from "#proxy/adapters/local-recorder.ts";
import { openLocalSigner } from "#proxy/adapters/local-signer.ts";
import { openLocalSpool } from "#proxy/adapters/local-spool.ts";
import { LocalStore } from "#proxy/adapters/local-store.ts";
import { sealBlock } from "#proxy/adapters/node-cipher.ts";
import { nodeSha256, nodeVerifyEd25519 } from "#proxy/adapters/node-crypto.ts";
import { compress, decompress } from "#proxy/adapters/node-zstd.ts";
import type { SessionEvidence } from "#proxy/ports/evidence.ts";
import type { RecorderOptions } from "#proxy/recorder/options.ts";
import type { Recorder } from "#proxy/recorder/recorder.ts";
import type { Timing } from "#proxy/recorder/timing.ts";
import type { EvidenceEvent, SessionIdentity } from "#shared/evidence/event.ts";
import type { SignerPort } from "#shared/evidence/ports.ts";
import type { Principal } from "#shared/identity.ts";

export const systemClock = { now: () => Date.now(), micros: () => Math.round(performance.now() * 1000) };

export const ENGINEER: Principal = {
  kind: "person",
  name: "engineer",
  issuer: "https://issuer.example",
  subject: "u-1",
  email: "engineer@clinic.example",
  groups: ["engineering"],
  amr: ["pwd", "mfa"],
  expiresAt: 2_000_000_000,
};

/** A folder that `remove` takes away again. */
export function temporaryState(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "postern-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

const TIMING: Partial<Timing> = {
  segmentMs: 200,
  recordingMs: 50,
  tickMs: 20,
  retryMs: 20,
  closeMs: 5000,
  roomMs: 500,
};

/** A recorder that seals soon and keeps its journal files small. */
export function openTestRecorder(state: string, problems: string[] = []): Promise<Recorder> {
  const onProblem = (message: string) => problems.push(message);
  return openLocalRecorder({ state, clock: systemClock, onProblem, timing: TIMING, journalFileBytes: 256 << 10 });
}

/** What a recorder is made of, for tests that put something of their own in the place of a part. */
export async function recorderParts(
  state: string,
  problems: string[] = [],
): Promise<RecorderOptions & { readonly signer: SignerPort }> {
  return {
    journal: await LocalJournal.open(join(state, "journal"), { fileBytes: 64 << 10 }),
    store: await LocalStore.open(join(state, "evidence")),
    spool: await openLocalSpool(join(state, "spool")),
    signer: await openLocalSigner(join(state, "keys")),
    places: 3,
    sha256: nodeSha256,
    verifyEd25519: nodeVerifyEd25519,
    compress,
    decompress,
    sealing: {
      dataKeys: await openLocalDataKeys(join(state, "keys")),
      wrappedKeys: localWrappedKeys(join(state, "keys/sealed")),
      sealBlock,
    },
    clock: systemClock,
    onProblem: (message) => problems.push(message),
    timing: TIMING,
  };
}

let made = 0;

export function newIdentity(target = "clinic", principal: Principal | null = ENGINEER): SessionIdentity {
  made += 1;
  const session = `T${process.pid.toString(36).toUpperCase()}${Date.now().toString(36).toUpperCase()}${String(made).padStart(6, "0")}`;
  return { session, target, protocol: "postgres", principal };
}

export const OPENED: EvidenceEvent = {
  type: "session.opened",
  source: { address: "127.0.0.1", port: 50_000 },
  application: "psql",
  tls: "TLSv1.3",
  authentication: "password",
  credential: "v1",
};

export const STATEMENT: EvidenceEvent = {
  type: "statement",
  phase: "query",
  text: "SELECT id, name FROM patients WHERE id = $1",
  fingerprint: "00112233445566778899aabbccddeeff",
  facts: [
    { kind: "select", complete: true, gaps: [], relations: [{ relation: "public.patients", actions: ["read"] }] },
  ],
  decision: {
    outcome: "permit",
    policies: ["read-clinic"],
    why: "engineers read",
    version: "ab".repeat(32),
    reveal: [],
  },
};

export function execute(ref: number): EvidenceEvent {
  return { type: "execute", phase: "execute", ref, decision: null, binds: 0 };
}

export function finished(ref: number, rows = 1): EvidenceEvent {
  return {
    type: "finished",
    ref,
    tag: `SELECT ${rows}`,
    rows,
    bytes: 26 * rows,
    sqlstate: "00000",
    micros: 345,
    masks: [],
  };
}

/** Two columns and some rows as a PostgreSQL server sends them. */
export function resultBytes(rows: readonly (readonly [number, string | null])[]): Buffer {
  const frames = [
    frame("T", Buffer.concat([int16(2), column("id", 23), column("name", 25)])),
    ...rows.map(([id, name]) => frame("D", Buffer.concat([int16(2), cell(String(id)), cell(name)]))),
    frame("C", Buffer.from(`SELECT ${rows.length}\0`)),
    frame("Z", Buffer.from("I")),
  ];
  return Buffer.concat(frames);
}

export function frame(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, "latin1");
  head.writeUInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

function column(name: string, type: number): Buffer {
  const rest = Buffer.alloc(18);
  rest.writeUInt32BE(type, 6);
  return Buffer.concat([Buffer.from(`${name}\0`), rest]);
}

function cell(text: string | null): Buffer {
  if (text === null) return Buffer.from([255, 255, 255, 255]);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([head, Buffer.from(text)]);
}

function int16(n: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(n);
  return bytes;
}

/** Opens a session and runs one statement `runs` times, with results. */
export async function useSession(
  recorder: Recorder,
  identity: SessionIdentity,
  runs: number,
): Promise<SessionEvidence> {
  const session = recorder.open(identity);
  await session.record(OPENED);
  await session.record(STATEMENT);
  const ref = session.seq;
  for (let i = 0; i < runs; i++) {
    if (i > 0) await session.record(execute(ref));
    session.output(resultBytes([[i, `Patient ${i}`]]));
    session.note(finished(ref));
  }
  return session;
}
