// Puts the gateway together: adapters into ports, ports into the gate, the gate under the protocols.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import type { LoadedBundle } from "#shared/policy/bundle.ts";
import { BundleRefused, problemLine } from "#shared/policy/problems.ts";
import type { Target } from "#shared/target.ts";
import { createAnalysis } from "./adapters/analysis.ts";
import { lambdaInspector } from "./adapters/aws-inspector.ts";
import { openCredentials } from "./adapters/credentials.ts";
import { serveHealth } from "./adapters/health.ts";
import { createIdentity, type IssuerSettings } from "./adapters/identity.ts";
import { newId } from "./adapters/ids.ts";
import { type LocalApprovalsOptions, openLocalApprovals } from "./adapters/local-approvals.ts";
import { keepCatalogs } from "./adapters/local-catalogs.ts";
import { localDecisions } from "./adapters/local-decisions.ts";
import { openLocalKey } from "./adapters/local-hmac-keys.ts";
import { localInspector } from "./adapters/local-inspector.ts";
import { openLocalRecorder } from "./adapters/local-recorder.ts";
import { RevocationTable } from "./adapters/local-revocations.ts";
import { Metrics } from "./adapters/metrics.ts";
import { nodeSha256 } from "./adapters/node-crypto.ts";
import { loadPolicyFolder } from "./adapters/policy-folder.ts";
import { type Revocation, watchRevocations } from "./adapters/revocations.ts";
import { createTlsAcceptor, dialer, listen } from "./adapters/socket.ts";
import type { Config } from "./config.ts";
import { CachedDecisions } from "./gate/decision-cache.ts";
import { createGate } from "./gate/gate.ts";
import type { GateParts } from "./gate/parts.ts";
import type { RunningApprovals } from "./ports/approvals.ts";
import type { Clock } from "./ports/clock.ts";
import type { CredentialPort } from "./ports/credentials.ts";
import type { Log, LogFields } from "./ports/log.ts";
import type { TlsAcceptor } from "./ports/network.ts";
import { CancelKeys } from "./protocols/postgres/cancel.ts";
import { postgresCatalog } from "./protocols/postgres/catalog-source.ts";
import { SIDES } from "./protocols/postgres/encode.ts";
import { postgresEstimates } from "./protocols/postgres/estimates.ts";
import { inertFrames } from "./protocols/postgres/inert.ts";
import { createPostgres } from "./protocols/postgres/postgres.ts";
import { TargetFailure, type UpstreamParts } from "./protocols/postgres/reach.ts";
import type { Recorder } from "./recorder/recorder.ts";

export interface Gateway {
  /** Where it listens; chosen by the system when the configuration says 0. */
  readonly port: number;
  readonly adminPort: number;
  /** Takes no more sessions, ends those that are left after a grace, flushes evidence. */
  stop(graceMs: number): Promise<void>;
}

/** What keeps the gateway from starting: one line per problem. */
export class StartRefused extends Error {
  override readonly name = "StartRefused";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** What a home brings of its own. */
export interface Adapters {
  approvals(options: Pick<LocalApprovalsOptions, "path" | "now" | "onProblem">): RunningApprovals;
}
const LOCAL: Adapters = { approvals: openLocalApprovals };

/** Sessions wait while a table of this machine is looked at. */
const PATIENCE_MS = 100;
/** In one line of the log. */
const NAMED_RELATIONS = 20;
const clock: Clock = { now: Date.now, micros: () => performance.now() * 1000 };

interface Loaded {
  readonly bundle: LoadedBundle;
  readonly tls: TlsAcceptor | null;
  /** PEM by the issuer's name, and by the target's. */
  readonly issuerCas: ReadonlyMap<string, string>;
  readonly authorities: ReadonlyMap<string, string>;
}

/** Reads all that has to be right before anything listens. @throws StartRefused with every problem */
async function load(config: Config): Promise<Loaded> {
  const problems: string[] = [];
  const read = (path: string, what: string): string => {
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      problems.push(`${what}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
      return "";
    }
  };
  const bundle = await loadPolicyFolder(config.policy, config.targets).catch((error: unknown) => {
    if (error instanceof BundleRefused)
      problems.push(...error.problems.map((p) => problemLine({ ...p, file: join(config.policy, p.file) })));
    else problems.push(`policy: ${config.policy}: ${(error as Error).message}`);
    return null;
  });
  const issuerCas = new Map<string, string>();
  for (const { issuer, caFile } of config.issuers)
    if (caFile !== undefined) issuerCas.set(issuer, read(caFile, `issuer ${issuer}`));
  const authorities = new Map<string, string>();
  for (const { name, tls } of bundle?.targets.values() ?? [])
    if (tls.caFile !== undefined) authorities.set(name, read(resolve(config.state, tls.caFile), `target ${name}`));
  for (const name of config.comprehendMedical?.targets ?? [])
    if (bundle !== null && !bundle.targets.has(name)) problems.push(`comprehendMedical: there is no target ${name}`);
  const tls = acceptor(config, read, problems);
  if (bundle === null || problems.length > 0) throw new StartRefused(problems);
  return { bundle, tls, issuerCas, authorities };
}

function acceptor(
  config: Config,
  read: (path: string, what: string) => string,
  problems: string[],
): TlsAcceptor | null {
  if (config.tls === null) return null;
  const pem = { cert: read(config.tls.cert, "tls.cert"), key: read(config.tls.key, "tls.key") };
  if (pem.cert === "" || pem.key === "") return null;
  try {
    return createTlsAcceptor(pem);
  } catch {
    problems.push(`tls: ${config.tls.cert} and ${config.tls.key} are not a certificate and its key`);
    return null;
  }
}

/** @throws StartRefused, or the error of what could not be opened; nothing listens then */
export async function startGateway(config: Config, log: Log, adapters: Adapters = LOCAL): Promise<Gateway> {
  const loaded = await load(config);
  const evidence = await openLocalRecorder({
    state: config.state,
    clock,
    onProblem: (problem) => log.error("evidence", { problem }),
  });
  const recovered = evidence.recovered.sessions.length;
  if (recovered > 0) log.warn("sessions of a process that died were closed", { recovered });
  try {
    return await compose(config, log, loaded, evidence, adapters);
  } catch (error) {
    await evidence.close();
    throw error;
  }
}

/** Opens everything in the order in which it depends on each other. */
async function compose(
  config: Config,
  log: Log,
  loaded: Loaded,
  evidence: Recorder,
  adapters: Adapters,
): Promise<Gateway> {
  const { bundle } = loaded;
  const inState = (path: string) => resolve(config.state, path);
  const metrics = new Metrics();
  const upstream = { dialer, authorities: loaded.authorities, connectMs: config.limits.connectSeconds * 1000 };
  const credentials = openCredentials(bundle.targets, inState, clock.now);
  const revocations = await watchRevocations(new RevocationTable(inState("index.db"), PATIENCE_MS), clock.now);
  const identity = createIdentity({ issuers: issuersOf(config, loaded), oauth: config.oauth, revocations });
  const keep = keepCatalogs(inState("catalog"), () => log.warn("a catalog snapshot could not be kept"));
  const analysis = createAnalysis({
    catalogs: catalogsOf(bundle.targets, upstream, credentials),
    declared: (target, name) => bundle.catalog.declaredFunction(target, name),
    onSnapshot(snapshot) {
      keep(snapshot);
      reportDrift(bundle, snapshot, log);
    },
    onFailure: (target, error) => log.warn("a catalog could not be read", { target, ...reasonOf(error) }),
  });
  const approvals = adapters.approvals({
    path: inState("index.db"),
    now: clock.now,
    onProblem: (problem) => log.warn("approvals", { problem }),
  });
  const estimates = postgresEstimates(upstream, bundle.targets, credentials);
  const gate = await createGate({
    clock,
    bundle,
    identity,
    decisions: new CachedDecisions(localDecisions(bundle)),
    approvals: { port: approvals, rules: bundle.approvals },
    estimates,
    inspection: inspectionOf(config),
    analysis,
    evidence,
    credentials,
    meter: metrics,
    newId: () => newId(clock.now()),
    sha256: nodeSha256,
    pseudonyms: openLocalKey(inState("keys"), "pseudonym"),
    subjects: openLocalKey(inState("keys"), "disclosure"),
    inert: { postgres: inertFrames },
    sides: { postgres: SIDES },
    maxSessions: config.limits.sessions,
  });
  revocations.onEntered((revocation) => void recordRevocation(evidence, revocation).catch(() => {}));
  const postgres = createPostgres({
    ...upstream,
    clock,
    log,
    tls: loaded.tls,
    allowPlaintextLoopback: config.allowPlaintextLoopback,
    authentication: config.authentication,
    oauth: config.oauth,
    cancelKeys: new CancelKeys(randomBytes),
    loginMs: config.limits.loginSeconds * 1000,
    pending: config.limits.pending,
    onCrowded: () => metrics.count("connections", 1, "crowded"),
    searchPath: (target) => analysis.snapshot(target)?.searchPath ?? [],
    onCancel: (found) => metrics.count("cancel_requests", 1, found ? "sent" : "unknown"),
    onDiscovery: () => metrics.count("logins_ended", 1, "oauth discovery"),
  });
  await analysis.start();

  const readiness = () => ({
    evidence: evidence.available,
    catalogs: [...bundle.targets.keys()].every((target) => analysis.snapshot(target) !== null),
    revocations: revocations.available,
    approvals: approvals.available,
    accepting: !gate.sessions.draining,
  });
  const health = await serveHealth(config.admin, readiness, () => metrics.text());
  const listener = await listen(config.listen.host, config.listen.port, (accepted) => {
    metrics.count("connections", 1, "accepted");
    void postgres.serve(accepted, gate);
  });
  return {
    port: listener.port,
    adminPort: health.port,
    async stop(graceMs) {
      listener.stop();
      await gate.drain(graceMs);
      // Its last news goes into the gate's own log.
      await approvals.close();
      await gate.close();
      estimates.close();
      await evidence.close();
      await analysis.close();
      identity.close();
      revocations.close();
      health.close();
    },
  };
}

function inspectionOf({ comprehendMedical: asked }: Config): GateParts["inspection"] {
  if (asked === undefined) return null;
  const { targets, function: name, timeoutSeconds } = asked;
  const millis = timeoutSeconds * 1000;
  const inspector = name === undefined ? localInspector(millis) : lambdaInspector(name, millis);
  return { inspector, targets: new Set(targets) };
}

function catalogsOf(targets: ReadonlyMap<string, Target>, upstream: UpstreamParts, credentials: CredentialPort) {
  return new Map([...targets].map(([name, target]) => [name, postgresCatalog(upstream, target, credentials)]));
}

function issuersOf(config: Config, { issuerCas }: Loaded): IssuerSettings[] {
  return config.issuers.map(({ issuer, audience, jwksUri, claims, kinds }) => {
    const ca = issuerCas.get(issuer);
    return { issuer, audience, jwksUri, claims, kinds, ...(ca === undefined ? {} : { ca }) };
  });
}

/** A line of the gateway's own log, in a session of its own: revocations are rare. */
async function recordRevocation(evidence: Recorder, { name, by, reason }: Revocation): Promise<void> {
  const log = evidence.open({ session: newId(clock.now()), target: "gateway", protocol: "postern", principal: null });
  await log.record({ type: "revocation.entered", identity: name, by, reason });
  await log.close("recorded");
}

/** Tells operators where catalog.yaml and a target have grown apart: names of relations, and how many differences there are. */
function reportDrift({ catalog }: LoadedBundle, snapshot: CatalogSnapshot, log: Log): void {
  const drifts = catalog.drift(snapshot);
  if (drifts.length === 0) return;
  const masked = catalog.outOfStep(snapshot);
  const concerned = [...new Set(drifts.map((drift) => drift.relation))];
  log.warn("catalog.yaml differs from the target: run `postern catalog scan`", {
    target: snapshot.target,
    differences: drifts.length,
    relations: concerned.slice(0, NAMED_RELATIONS).join(", "),
    masked_whole: masked.slice(0, NAMED_RELATIONS).join(", "),
  });
}

function reasonOf(error: unknown): LogFields {
  if (error instanceof TargetFailure) return { code: error.code, sqlstate: error.sqlstate, reason: error.reason };
  return { reason: error instanceof Error ? error.name : "unknown" };
}
