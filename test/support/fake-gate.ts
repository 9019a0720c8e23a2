// A gate over fakes, for tests of the order itself: every port is scripted, and what happens is written down in `log`.
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import { createGate, type RunningGate } from "#proxy/gate/gate.ts";
import type { GateParts } from "#proxy/gate/parts.ts";
import type { AnalysisContext } from "#proxy/ports/analysis.ts";
import type { SessionEvidence } from "#proxy/ports/evidence.ts";
import type { Claim, Command } from "#proxy/protocol.ts";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import type { Decision } from "#shared/decision.ts";
import { Refusal } from "#shared/errors.ts";
import type { EvidenceEvent } from "#shared/evidence/event.ts";
import type { Analysis, Facts } from "#shared/facts.ts";
import type { Principal } from "#shared/identity.ts";
import type { PolicyCatalog } from "#shared/policy/types.ts";
import type { Target } from "#shared/target.ts";
import { FakeApprovals, RULES } from "./fake-approvals.ts";

export const ENGINEER: Principal = {
  kind: "person",
  name: "engineer",
  issuer: "https://issuer.example",
  subject: "u-1",
  groups: ["engineering"],
  amr: ["mfa"],
  expiresAt: 4_000_000_000,
};

export const CLINIC: Target = {
  name: "clinic",
  protocol: "postgres",
  host: "127.0.0.1",
  port: 1,
  database: "clinic",
  user: "gateway",
  tls: { mode: "disable" },
  credential: { type: "file", path: "none" },
  sealed: "on",
  images: "off",
  limits: { idleSeconds: 60, absoluteSeconds: 600, connections: 10, connectionsPerPrincipal: 2, statementBytes: 1000 },
  disclosures: "result",
  labels: {},
};

export const CLAIM: Claim = {
  protocol: "postgres",
  user: "engineer",
  target: "clinic",
  token: "good",
  authentication: "password",
  source: { address: "127.0.0.1", port: 5 },
  application: "psql",
  tls: "TLSv1.3",
};

export const CONTEXT: AnalysisContext = { target: "clinic", searchPath: ["public"], temporary: new Map() };

export function facts(more: Partial<Facts> = {}): Facts {
  return {
    kind: "select",
    complete: true,
    gaps: [],
    relations: [],
    influence: [],
    functions: [],
    outputs: [],
    flows: [],
    hasWhere: false,
    ...more,
  };
}

export function analysis(...statements: Facts[]): Analysis {
  return {
    statements: statements.map((f) => ({ facts: f, effects: [] })),
    normalized: "select ?",
    fingerprint: "00",
    literalFree: true,
  };
}

export function command(more: Partial<Command> = {}): Command {
  return {
    phase: "query",
    text: "select 1",
    context: CONTEXT,
    resolve: () => undefined,
    binds: 0,
    bytes: new Uint8Array([1, 2, 3]),
    circumstances: () => ({ bound: null, settings: { TimeZone: "UTC" }, locks: false }),
    waits() {},
    ...more,
  };
}

export const PERMIT: Decision = {
  outcome: "permit",
  policies: ["engineers-read"],
  why: "permitted",
  obligations: [],
  reveal: [],
  version: "abc",
  cacheSeconds: 60,
};

export const NO_PHI: PolicyCatalog = {
  classes: new Map(),
  classesOf: () => [],
  holdsPhi: () => false,
  protects: () => true,
  isDerived: () => false,
  pathsOf: () => null,
  recordFormats: () => [],
  subjectOf: () => null,
  declaredFunction: () => null,
  outOfStep: () => [],
  without: () => NO_PHI,
};

export interface FakeGate {
  readonly gate: RunningGate;
  readonly approvals: FakeApprovals;
  readonly log: { session: string; event: EvidenceEvent; durable: boolean }[];
  /** What was sealed, in all sessions. */
  readonly sealed: { kind: string; ref: number; text: string }[];
  /** Knobs that a test turns. */
  readonly world: {
    now: number;
    available: boolean;
    /** Whether a session finds room before the evidence of others. */
    room: boolean;
    /** While true, records wait; `release` makes them durable. */
    slowJournal: boolean;
    failJournal: boolean;
    snapshot: CatalogSnapshot | null;
    /** The policy in force. */
    bundle: GateParts["bundle"];
    decide: (question: "connect" | "command") => Decision | Error;
    analyse: (text: string) => ReturnType<GateParts["analysis"]["analyse"]>;
    revoked: Set<string>;
    revoke(name: string): void;
    release(): void;
  };
}

export async function fakeGate(more: Partial<GateParts> = {}): Promise<FakeGate> {
  const log: FakeGate["log"] = [];
  const waiting: (() => void)[] = [];
  const listeners: ((isRevoked: (p: Principal) => boolean) => void)[] = [];
  const sealed: FakeGate["sealed"] = [];
  const world: FakeGate["world"] = {
    now: 1_000_000,
    available: true,
    room: true,
    slowJournal: false,
    failJournal: false,
    snapshot: null,
    bundle: { version: "abc", targets: new Map([["clinic", CLINIC]]), catalog: NO_PHI },
    decide: () => PERMIT,
    analyse: () => analysis(facts()),
    revoked: new Set(),
    revoke(name) {
      world.revoked.add(name);
      for (const listener of listeners) listener((p) => world.revoked.has(p.name));
    },
    release() {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
  const open = (session: string): SessionEvidence => {
    let seq = 0;
    const append = (event: EvidenceEvent) => {
      seq += 1;
      const entry = { session, event, durable: false };
      log.push(entry);
      return entry;
    };
    return {
      get seq() {
        return seq;
      },
      async record(event) {
        if (world.failJournal) throw new Refusal("evidence-unavailable");
        const entry = append(event);
        if (world.slowJournal) await new Promise<void>((resolve) => waiting.push(resolve));
        entry.durable = true;
      },
      note: (event) => void append(event),
      output() {},
      seal: ({ kind, ref, bytes }) => void sealed.push({ kind, ref, text: Buffer.from(bytes).toString() }),
      writable: true,
      drained: () => Promise.resolve(),
      async close(reason) {
        append({ type: "session.closed", reason, statements: 0, rows: 0, bytes: 0 });
      },
    };
  };
  let ids = 0;
  const approvals = new FakeApprovals(() => world.now);
  const parts: GateParts = {
    approvals: { port: approvals, rules: RULES },
    estimates: { rows: async () => 3 },
    inspection: null,
    sha256: nodeSha256,
    clock: { now: () => world.now, micros: () => world.now * 1000 },
    get bundle() {
      return world.bundle;
    },
    identity: {
      verify: async (token) => (token === "good" ? ENGINEER : new Refusal("token-invalid")),
      oauth: { configuration: "", scope: "" },
      isRevoked: (p) => world.revoked.has(p.name),
      onRevocation(listener) {
        listeners.push(listener);
        return () => {};
      },
    },
    decisions: {
      async decide(request) {
        const answer = world.decide(request.question.type);
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    analysis: {
      analyse: (text) => world.analyse(text),
      snapshot: () => world.snapshot,
      refresh: async () => {},
    },
    evidence: {
      room: async () => world.room,
      open: (identity) => open(identity.session),
      get available() {
        return world.available;
      },
      close: async () => {},
    },
    credentials: { fetch: async () => ({ password: "secret", version: "v1" }) },
    meter: { count() {}, gauge() {}, time() {} },
    newId: () => `s${++ids}`,
    pseudonyms: { version: 1, hmac: (message) => message },
    subjects: { version: 1, hmac: (message) => message },
    inert: { postgres: (bytes) => bytes[0] === 83 },
    sides: {},
    maxSessions: 5,
    ...more,
  };
  return { gate: await createGate(parts), log, sealed, world, approvals };
}
