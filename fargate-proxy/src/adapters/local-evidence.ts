// Evidence of the local home, for reading: objects and what the journal has beyond them, as one.
import { join } from "node:path";
import type { VerifierKey } from "#shared/evidence/checkpoint.ts";
import { type Disclosed, disclosedIn } from "#shared/evidence/disclosure.ts";
import { countEntries, readEntries } from "#shared/evidence/ledger-entries.ts";
import { type EvidenceLine, readLine } from "#shared/evidence/line-read.ts";
import { type Chunk, readChunks, splitBlocks } from "#shared/evidence/recording.ts";
import {
  type Lane,
  type ObjectRecord,
  parseKey,
  placeOf,
  sessionPrefix,
  splitLines,
} from "#shared/evidence/segment.ts";
import { matches, type SessionFilter } from "#shared/evidence/session-filter.ts";
import { type SessionSummary, summarizeLine } from "#shared/evidence/summary.ts";
import type { EvidenceReader, IndexCheck, LockCheck, Pending } from "#shared/evidence/verify-types.ts";
import { LocalIndex } from "./local-index.ts";
import { JournalReader, readPending } from "./local-journal-read.ts";
import { readVerifierKey } from "./local-signer.ts";
import { LocalStore } from "./local-store.ts";
import { decompress } from "./node-zstd.ts";

const decoder = new TextDecoder();
const DAY = 86_400_000;
/** Objects that are read into the index in one step. */
const STEP = 200;

/** What was asked for is not there. */
export class NotFound extends Error {}

/** A bucket whose evidence is read instead of that of this machine. */
export interface Elsewhere {
  readonly bucket: string;
  readonly reader: EvidenceReader & Pick<LockCheck, "lock">;
  /** Of its ledger, had from somebody else than who gave the bucket. */
  readonly key: VerifierKey;
  /** Finds sessions; null where an index has to be made of the bucket first. */
  readonly index: SessionFinder | null;
}

/** Finds sessions as `IndexPort` does. */
export interface SessionFinder {
  get(session: string): Promise<SessionSummary | null>;
  find(filter: SessionFilter): Promise<readonly SessionSummary[]>;
  startingWith(prefix: string, limit: number): Promise<readonly SessionSummary[]>;
  disclosed(subjects: readonly string[]): Promise<readonly Disclosed[]>;
}

export class LocalEvidence {
  readonly store: EvidenceReader;
  readonly elsewhere: Elsewhere | null;
  readonly #state: string;
  readonly #index: LocalIndex;

  /** @param state the state directory; of a bucket it holds the index alone, which is derived */
  constructor(state: string, elsewhere: Elsewhere | null = null) {
    this.#state = state;
    this.elsewhere = elsewhere;
    this.store = elsewhere?.reader ?? LocalStore.forReading(join(state, "evidence"));
    this.#index = new LocalIndex(join(state, elsewhere === null ? "index.db" : `index-${elsewhere.bucket}.db`));
  }

  close(): void {
    this.#index.close();
  }

  async verifierKey(): Promise<VerifierKey> {
    if (this.elsewhere !== null) return this.elsewhere.key;
    return readVerifierKey(join(this.#state, "keys"));
  }

  async pending(): Promise<Pending> {
    if (this.elsewhere !== null) return { lines: new Map(), announced: [] };
    return readPending(join(this.#state, "journal"));
  }

  follow(): JournalReader {
    if (this.elsewhere !== null) throw new NotFound("a journal in AWS cannot be followed from here");
    return new JournalReader(join(this.#state, "journal"));
  }

  /** Newest first; sessions that run now included. */
  async sessions(filter: SessionFilter): Promise<SessionSummary[]> {
    const finder = this.elsewhere?.index ?? null;
    if (finder !== null) return [...(await finder.find(filter))];
    const live = await this.#catchUp();
    const { limit = Number.POSITIVE_INFINITY, ...rest } = filter;
    const stored = this.#index.find({ ...rest, ...(Number.isFinite(limit) ? { limit: limit + live.size } : {}) });
    const found = stored.filter((so) => !live.has(so.session));
    for (const so of live.values()) if (matches(so, rest)) found.push(so);
    return found.sort((a, b) => b.opened - a.opened || (a.session < b.session ? 1 : -1)).slice(0, limit);
  }

  /** The session that a name means: an id, the start of one, or `last` for the newest of a person, workload or agent. */
  async find(name: string): Promise<SessionSummary> {
    const finder = this.elsewhere?.index ?? null;
    const live = finder === null ? await this.#catchUp() : new Map<string, SessionSummary>();
    if (name === "last") {
      const newest = (await this.sessions({ limit: 50 })).find((so) => so.principal !== null);
      if (newest === undefined) throw new NotFound("there are no sessions yet");
      return newest;
    }
    const stored = await (finder ?? this.#index).startingWith(name, 5);
    const found = new Map(stored.map((so) => [so.session, so]));
    for (const so of live.values()) if (so.session.startsWith(name)) found.set(so.session, so);
    const [only] = found.values();
    const exact = found.get(name);
    if (exact !== undefined) return exact;
    if (only === undefined) throw new NotFound(`there is no session ${name}`);
    if (found.size > 1) throw new NotFound(`several sessions start with ${name}: ${[...found.keys()].join(", ")}`);
    return only;
  }

  /** Every line of a session, those in the journal included. */
  async *lines(so: SessionSummary): AsyncGenerator<{ readonly text: string; readonly line: EvidenceLine }> {
    // The journal first: what moves to an object while this runs is then seen twice, and not missed.
    const pending = (await this.pending()).lines.get(so.session) ?? [];
    let reached = 0;
    const texts = async function* (this: LocalEvidence) {
      for (const key of await this.#keys("events", so)) yield* await this.#segment(key);
      yield* pending;
    }.bind(this);
    for await (const text of texts()) {
      const line = readLine(text);
      if (line === null || line.seq <= reached) continue;
      reached = line.seq;
      yield { text, line };
    }
  }

  /** Sessions that showed records of any of these subjects (hex HMACs, or UNTOLD), those that run now included. */
  async disclosed(subjects: readonly string[]): Promise<SessionSummary[]> {
    const finder = this.elsewhere?.index ?? null;
    const live = finder === null ? await this.#catchUp() : new Map<string, SessionSummary>();
    const index = finder ?? this.#index;
    const found = new Map<string, SessionSummary>();
    for (const { session } of await index.disclosed(subjects)) {
      const so = found.get(session) ?? live.get(session) ?? (await index.get(session));
      if (so !== null) found.set(session, so);
    }
    const wanted = new Set(subjects);
    for (const [session, texts] of (await this.pending()).lines) {
      const so = found.has(session) ? undefined : live.get(session);
      const lines = so === undefined ? [] : texts.map(readLine);
      const shows = lines.some((line) => line !== null && disclosedIn(line).some(({ subject }) => wanted.has(subject)));
      if (so !== undefined && shows) found.set(session, so);
    }
    return [...found.values()].sort((a, b) => a.opened - b.opened);
  }

  /** What the client was sent. What a running session sent in the last seconds is not there yet. */
  async *chunks(so: SessionSummary): AsyncGenerator<Chunk> {
    for (const key of await this.#keys("recordings", so)) {
      const part = await this.store.get(key);
      if (part === null) throw new NotFound(`${key} is missing: run \`postern verify\``);
      for (const frame of splitBlocks(part).frames) yield* readChunks(await decompress(frame));
    }
  }

  /** The objects of a session's sealed lane, in order; `target` is as in their keys. */
  async sealed(so: SessionSummary): Promise<{ readonly target: string; parts(): AsyncGenerator<Uint8Array> } | null> {
    const keys = await this.#keys("sealed", so);
    const place = parseKey(keys[0] ?? "");
    if (place === null) return null;
    const parts = async function* (this: LocalEvidence) {
      for (const key of keys) {
        const part = await this.store.get(key);
        if (part === null) throw new NotFound(`${key} is missing: run \`postern verify\``);
        yield part;
      }
    }.bind(this);
    return { target: place.target, parts };
  }

  async #segment(key: string): Promise<string[]> {
    const bytes = await this.store.get(key);
    if (bytes === null) throw new NotFound(`${key} is missing: run \`postern verify\``);
    return (splitLines(await decompress(bytes)) ?? []).map((line) => decoder.decode(line));
  }

  /** Keys of a session's objects in order. Their day is that on which the session was opened, which can be before its first event. */
  async #keys(lane: Lane, so: SessionSummary): Promise<string[]> {
    const keys: string[] = [];
    for (const time of [so.opened - DAY, so.opened])
      for await (const { key } of this.store.list(sessionPrefix(lane, placeOf(so.session, so.target, time))))
        keys.push(key);
    return keys.sort();
  }

  /** For verification: makes the index anew beside it, and says where this one differs. */
  indexCheck(): IndexCheck {
    const fresh = new LocalIndex(":memory:");
    const begun = Date.now();
    return {
      add: (so, disclosed) => fresh.advance([so], 0, disclosed),
      difference: async (running, entries) => {
        try {
          await this.#catchUp();
          const moving = new Set(running);
          for await (const { record } of readEntries(this.store, entries))
            moving.add(parseKey(record.key)?.session ?? "");
          return this.#index.differsFrom(fresh, moving, begun);
        } finally {
          fresh.close();
        }
      },
    };
  }

  /** Throws the index away and reads it again. */
  async rebuildIndex(): Promise<{ readonly objects: number; readonly sessions: number }> {
    this.#index.clear();
    await this.#readLedger();
    return { objects: this.#index.reached, sessions: this.#index.find({}).length };
  }

  /** Reads what the ledger got since the last time into the index. @returns sessions with lines beyond it, those counted */
  async #catchUp(): Promise<Map<string, SessionSummary>> {
    const pending = await this.pending();
    await this.#readLedger();
    const live = new Map<string, SessionSummary>();
    for (const [session, texts] of pending.lines) {
      const before = this.#index.get(session);
      let so = before;
      for (const text of texts) {
        const line = readLine(text);
        if (line !== null) so = summarizeLine(so, line);
      }
      if (so !== null && so !== before) live.set(session, so);
    }
    return live;
  }

  async #readLedger(): Promise<void> {
    // A ledger that is shorter than what was read of it is another one.
    if ((await countEntries(this.store)) < this.#index.reached) this.#index.clear();
    const records: ObjectRecord[] = [];
    const start = this.#index.reached;
    for await (const { record } of readEntries(this.store, start)) records.push(record);
    for (let from = 0; from < records.length; from += STEP) {
      const some = records.slice(from, from + STEP);
      const { summaries, disclosed } = await this.#summaries(some);
      this.#index.advance(summaries, start + from + some.length, disclosed);
    }
  }

  async #summaries(records: readonly ObjectRecord[]): Promise<{ summaries: SessionSummary[]; disclosed: Disclosed[] }> {
    const changed = new Map<string, SessionSummary>();
    const disclosed: Disclosed[] = [];
    for (const record of records) {
      const name = parseKey(record.key);
      if (name?.lane !== "events") continue;
      let so = changed.get(name.session) ?? this.#index.get(name.session);
      // Reading goes on past what is damaged or gone: finding that is for `postern verify`.
      for (const text of await this.#segment(record.key).catch(() => [])) {
        const line = readLine(text);
        if (line?.session !== name.session) continue;
        so = summarizeLine(so, line);
        disclosed.push(...disclosedIn(line));
      }
      if (so !== null) changed.set(name.session, so);
    }
    return { summaries: [...changed.values()], disclosed };
  }
}
