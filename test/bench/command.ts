// Microseconds that one command costs, by step, and as a whole without sockets and TLS: `node test/bench/command.ts`. The whole is 32
// sessions that run pgbench's select-only against a target that answers at once, with policy, journal and recording.
import { loadModule, parseSync } from "libpg-query";
import { AnalysisCache } from "#proxy/adapters/analysis-cache.ts";
import { localDecisions } from "#proxy/adapters/local-decisions.ts";
import { openLocalRecorder } from "#proxy/adapters/local-recorder.ts";
import { Metrics } from "#proxy/adapters/metrics.ts";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import { loadPolicyFolder } from "#proxy/adapters/policy-folder.ts";
import { CachedDecisions } from "#proxy/gate/decision-cache.ts";
import { createGate } from "#proxy/gate/gate.ts";
import type { Permit } from "#proxy/gate/permit.ts";
import type { AnalysisPort } from "#proxy/ports/analysis.ts";
import type { Session } from "#proxy/protocol.ts";
import type { Outside } from "#proxy/protocols/postgres/core.ts";
import { inertFrames } from "#proxy/protocols/postgres/inert.ts";
import { Machine } from "#proxy/protocols/postgres/machine.ts";
import { analyse, prepareBase } from "#shared/analysis/sql/analyse.ts";
import { normalize } from "#shared/analysis/sql/normalize.ts";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import type { DecisionRequest } from "#shared/decision.ts";
import { Refusal } from "#shared/errors.ts";
import { createEvaluator } from "#shared/policy/evaluate.ts";
import { fingerprint } from "#test/support/analysis.ts";
import { backend } from "#test/support/backend.ts";
import { ENGINEER, newIdentity, systemClock, temporaryState } from "#test/support/evidence.ts";
import { FakeApprovals } from "#test/support/fake-approvals.ts";
import { CLAIM } from "#test/support/fake-gate.ts";
import { frontend } from "#test/support/fake-machine.ts";
import { PERSON, POLICY } from "./postern.ts";

const TARGET = "bench";
const SESSIONS = 32;
const SECONDS = 3;
const ACCOUNTS = 16_384;
const sqlOf = (id: number | string) => `SELECT abalance FROM pgbench_accounts WHERE aid = ${id};`;

const columns = ["aid", "bid", "abalance", "filler"].map((name, i) => ({
  name,
  number: i + 1,
  type: i === 3 ? 1042 : 23,
  generated: false,
}));
const accounts = { parents: [], triggers: [], rules: false, rowSecurity: false };
const snapshot: CatalogSnapshot = {
  target: TARGET,
  database: TARGET,
  serverVersion: 180_000,
  fingerprint: "",
  searchPath: ["public"],
  role: TARGET,
  schemas: ["pg_catalog", "public"],
  relations: [{ ...accounts, oid: ACCOUNTS, schema: "public", name: "pgbench_accounts", kind: "table", columns }],
  types: [],
  functions: [],
};

await loadModule();
const bundle = await loadPolicyFolder(POLICY);
const base = prepareBase(snapshot, parseSync, new Map());
const environment = { base, searchPath: snapshot.searchPath, temporary: new Map(), unsettled: false, fingerprint };
const principal = { ...ENGINEER, name: PERSON.name, groups: PERSON.claims.groups };

/** Prints microseconds per call, the best of five rounds: what disturbs a round only adds. */
function time(what: string, calls: number, action: (i: number) => unknown): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 6; round++) {
    const started = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) action(i);
    if (round > 0) best = Math.min(best, Number(process.hrtime.bigint() - started) / calls / 1000);
  }
  console.log(`${what.padEnd(44)}${best.toFixed(2).padStart(9)}`);
}

async function steps(): Promise<void> {
  const text = sqlOf(12_345);
  const tree = parseSync(text);
  const found = analyse(tree, text, environment);
  const cache = new AnalysisCache(100, 1 << 20);
  cache.keep(text, found);
  const request: DecisionRequest = {
    principal,
    target: TARGET,
    question: { type: "command", facts: found.statements.map((s) => s.facts) },
    source: CLAIM.source.address,
    time: Date.now(),
  };
  const evaluate = createEvaluator(bundle);
  const decisions = new CachedDecisions({ decide: (asked) => Promise.resolve(evaluate(asked)) });
  console.log("microseconds".padStart(53));
  time("parse", 2000, () => parseSync(text));
  time("facts", 2000, () => analyse(tree, text, environment));
  time("facts that are remembered (normalize, look up)", 50_000, (i) => {
    const asked = sqlOf(i);
    return cache.find(normalize(asked), asked);
  });
  time("decide", 500, () => evaluate(request));
  await decisions.decide(request);
  time("decision that is remembered", 50_000, () => decisions.lookup(request));
}

/** Analysis in this thread: what is measured here is remembered after the first time. */
function analysis(): AnalysisPort {
  const cache = new AnalysisCache(1000, 1 << 24);
  const miss = (text: string) => {
    const found = analyse(parseSync(text), text, environment);
    cache.keep(text, found);
    return found;
  };
  return {
    analyse: (text) => cache.find(normalize(text), text) ?? miss(text),
    snapshot: () => snapshot,
    refresh: () => Promise.resolve(),
  };
}

const shape = { name: "abalance", table: ACCOUNTS, attribute: 3, type: 23 };
const answer = [backend.rowDescription(shape), backend.dataRow("0"), backend.complete("SELECT 1"), backend.ready()];

/** Client, target and everything between them that a socket would be. */
class Loop implements Outside {
  readonly withheld = 0;
  readonly targetWritable = true;
  done = 0;
  readonly #session: Session;
  readonly #machine: Machine;
  readonly #ask: (i: number) => Buffer;
  readonly #answer: Buffer;
  #sent = 0;
  #due = false;
  #end: (() => void) | null = null;

  constructor(session: Session, ask: (i: number) => Buffer, answered: Buffer) {
    this.#session = session;
    this.#ask = ask;
    this.#answer = answered;
    const parameters = new Map([["search_path", "public"]]);
    this.#machine = new Machine(
      { session, clock: systemClock, searchPath: ["public"], parameters, pid: 1, sideName: "postern " },
      this,
    );
  }

  run(): void {
    this.#machine.client(this.#ask(this.done));
    this.#turn();
  }

  /** Resolves when the command that runs has been answered. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  send(permit: Permit): void {
    this.#sent += permit.spend().length;
  }

  soon(): void {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#machine.proceed();
      this.#turn();
    });
  }

  fail(refusal: Refusal): void {
    throw refusal;
  }

  finish(): void {}

  #turn(): void {
    for (const bytes of this.#machine.take()) this.#session.output(bytes);
    if (this.#sent === 0 || this.#machine.awaitsPermit) return;
    this.#sent = 0;
    setImmediate(() => {
      this.#machine.target(this.#answer);
      for (const bytes of this.#machine.take()) this.#session.output(bytes);
      this.done++;
      if (this.#end === null) this.run();
      else this.#end();
    });
  }
}

async function whole(what: string, ask: (i: number) => Buffer, answered: Buffer): Promise<void> {
  const state = temporaryState();
  const evidence = await openLocalRecorder({ state: state.path, clock: systemClock, onProblem: console.error });
  const gate = await createGate({
    subjects: { version: 1, hmac: (message: Uint8Array) => message },
    approvals: { port: new FakeApprovals(Date.now), rules: null },
    clock: systemClock,
    bundle,
    identity: {
      verify: () => Promise.resolve(principal),
      oauth: { configuration: "", scope: "" },
      isRevoked: () => false,
      onRevocation: () => () => undefined,
    },
    decisions: new CachedDecisions(localDecisions(bundle)),
    analysis: analysis(),
    evidence,
    credentials: { fetch: () => Promise.resolve({ password: "", version: "v1" }) },
    meter: new Metrics(),
    newId: () => newIdentity(TARGET).session,
    // No rule asks for an estimate here.
    estimates: { rows: () => Promise.resolve(null) },
    inspection: null,
    sha256: nodeSha256,
    pseudonyms: { version: 1, hmac: () => new Uint8Array(32) },
    inert: { postgres: inertFrames },
    sides: {},
    maxSessions: SESSIONS,
  });
  const loops = await Promise.all(
    Array.from({ length: SESSIONS }, async () => {
      const session = await gate.admit({ ...CLAIM, user: principal.name, target: TARGET });
      if (session instanceof Refusal) throw session;
      return { session, loop: new Loop(session, ask, answered) };
    }),
  );
  for (const { loop } of loops) loop.run();
  const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const count = () => loops.reduce((sum, { loop }) => sum + loop.done, 0);
  await pause(1);
  const [before, cpu] = [count(), process.cpuUsage()];
  await pause(SECONDS);
  const used = process.cpuUsage(cpu);
  const commands = count() - before;
  console.log(`${what.padEnd(44)}${((used.user + used.system) / commands).toFixed(2).padStart(9)}`);
  await Promise.all(loops.map(({ loop }) => loop.stop()));
  await Promise.all(loops.map(({ session }) => session.close("done")));
  await gate.close();
  await evidence.close();
  state.remove();
}

await steps();
await whole("a command as a whole, simple", (i) => frontend.query(sqlOf(i)), Buffer.concat(answer));
const [described, ...rest] = answer;
const extended = Buffer.concat([frontend.run(sqlOf("1")), frontend.sync]);
const extendedAnswer = Buffer.concat([backend.parseComplete, backend.bindComplete, described!, ...rest]);
await whole("a command as a whole, extended", () => extended, extendedAnswer);
