// The recorder: EvidencePort over a journal, a store, a spool and a ledger. How a line travels:
//   event -> line -> batch -> journal (durable: the permit may move) -> segment -> store -> ledger -> the journal forgets it
import type { SessionIdentity } from "#shared/evidence/event.ts";
import type { LedgerTools } from "#shared/evidence/ledger-write.ts";
import type { EvidencePort, SessionEvidence } from "../ports/evidence.ts";
import { GroupCommit } from "./commit.ts";
import { SPOOLING } from "./lane.ts";
import { LedgerWriter, loadLedger } from "./ledger-writer.ts";
import type { RecorderOptions } from "./options.ts";
import { Backlog, Closings } from "./parts.ts";
import type { Patience } from "./patience.ts";
import { type Recovered, recover } from "./recover.ts";
import { Sealer } from "./sealer.ts";
import { KEYS } from "./sealing.ts";
import { RecordedSession, type SessionParts } from "./session.ts";
import type { Timing } from "./timing.ts";
import { Units } from "./units.ts";

const TIMING = { segmentMs: 5000, recordingMs: 1000, tickMs: 500, retryMs: 500, closeMs: 10_000, roomMs: 8000 };
/** Where the spool is gone with the process, as on a serverless container: a part waits no longer than this. */
const PART_MS = 5000;
/** Lines that wait in memory while the journal fails. */
const HELD_BYTES = 16 << 20;
/** Lines that wait in memory while the store fails. */
const BACKLOG_BYTES = 128 << 20;
/** Sessions that have ended and wait for the store, for each object that is stored at a time: a second of work or two. */
const CLOSINGS = 10;

export interface Recorder extends EvidencePort {
  /** What recovery found when this recorder was opened. */
  readonly recovered: Recovered;
}

/** Recovers what an earlier process left, and begins. @throws when the ledger or the journal is not what it was */
export async function openRecorder(options: RecorderOptions): Promise<Recorder> {
  const partMs = options.signer === null ? PART_MS : Number.POSITIVE_INFINITY;
  const timing: Timing = { ...TIMING, partMs, ...options.timing };
  const patience: { -readonly [K in keyof Patience]: Patience[K] } = {
    retryMs: timing.retryMs,
    stopped: false,
    trouble: new Set<string>(),
    onProblem: options.onProblem,
  };
  const ledger = options.signer === null ? null : await openLedger({ ...options, signer: options.signer }, patience);
  const commit = new GroupCommit(options.journal, {
    retryMs: timing.retryMs,
    heldBytes: HELD_BYTES,
    onProblem: options.onProblem,
  });
  const units = new Units(options.journal, options.onProblem);
  const sealer = new Sealer({
    store: options.store,
    ledger: ledger?.writer ?? null,
    commit,
    units,
    patience,
    places: options.places,
  });
  const recovered = await recover({ ...options, commit, ledger, units, sealer });
  const backlog = new Backlog(options.backlogBytes ?? BACKLOG_BYTES);
  const closings = new Closings(CLOSINGS * options.places);
  const compress = (bytes: Uint8Array) => options.compress(bytes, 1);
  const parts: SessionParts = {
    clock: options.clock,
    sha256: options.sha256,
    commit,
    units,
    sealer,
    patience,
    backlog,
    closings,
    keepsOpenings: ledger === null,
    pack: (bytes) => options.compress(bytes, 3),
    isAvailable: () =>
      commit.available && !backlog.exceeded && !patience.trouble.has(SPOOLING) && !patience.trouble.has(KEYS),
    lanes: { sealer, spool: options.spool, patience },
    recording: { pack: compress },
    sealing: { ...options.sealing, sha256: options.sha256, patience, compress },
  };
  const running = run(parts, timing);
  const stop = async () => {
    await Promise.race([running.close(), new Promise((resolve) => setTimeout(resolve, timing.closeMs).unref())]);
    patience.stopped = true;
    commit.stop();
    await options.journal.close();
  };
  let closing: Promise<void> | null = null;
  return {
    recovered,
    open: running.open,
    room: () => closings.room(timing.roomMs),
    get available() {
      return parts.isAvailable();
    },
    close: () => {
      closing ??= stop();
      return closing;
    },
  };
}

async function openLedger(tools: LedgerTools, patience: Patience) {
  const stored = await loadLedger(tools);
  return { stored, writer: new LedgerWriter(tools, stored.tree, patience) };
}

function run(
  parts: SessionParts,
  timing: Timing,
): { open(identity: SessionIdentity): SessionEvidence; close(): Promise<void> } {
  const live = new Set<RecordedSession>();
  const timer = setInterval(() => {
    const now = parts.clock.now();
    for (const session of live) session.tick(now, timing);
  }, timing.tickMs);
  timer.unref();
  return {
    open: (identity) => {
      const session: RecordedSession = new RecordedSession(parts, identity, () => live.delete(session));
      live.add(session);
      return session;
    },
    close: async () => {
      await Promise.allSettled([...live].map((session) => session.close("the gateway stopped")));
      clearInterval(timer);
    },
  };
}
