// Puts the gateway together: adapters into ports, ports into the gate, the gate under the protocols.

import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import type { EvidenceEvent } from "#shared/evidence/event.ts";
import type { LoadedBundle } from "#shared/policy/bundle.ts";
import type { Target } from "#shared/target.ts";
import { createAnalysis } from "./adapters/analysis.ts";
import { openAwsHome } from "./adapters/aws-home.ts";
import { lambdaInspector } from "./adapters/aws-inspector.ts";
import { openCredentials } from "./adapters/credentials.ts";
import { openFleet } from "./adapters/fleet.ts";
import { serveHealth } from "./adapters/health.ts";
import { type Home, type HomeOptions, type RunningWitnesses, StartRefused } from "./adapters/home.ts";
import { createIdentity, type IssuerSettings } from "./adapters/identity.ts";
import { newId } from "./adapters/ids.ts";
import { keepCatalogs } from "./adapters/local-catalogs.ts";
import { openLocalHome } from "./adapters/local-home.ts";
import { localInspector } from "./adapters/local-inspector.ts";
import { watchOfficers } from "./adapters/local-officers.ts";
import { Metrics } from "./adapters/metrics.ts";
import { nodeSha256 } from "./adapters/node-crypto.ts";
import { type PolicySource, PolicyWatch, type PushedPolicy, pushedPolicy } from "./adapters/policy-watch.ts";
import type { Revocation } from "./adapters/revocations.ts";
import { dialer, listen } from "./adapters/socket.ts";
import type { Config } from "./config.ts";
import { createGate } from "./gate/gate.ts";
import type { GateParts } from "./gate/parts.ts";
import { type Loaded, load } from "./load.ts";
import { loadingFor, Policy, policyEvent } from "./policy.ts";
import type { Clock } from "./ports/clock.ts";
import type { CredentialPort } from "./ports/credentials.ts";
import type { EvidencePort } from "./ports/evidence.ts";
import type { Log, LogFields } from "./ports/log.ts";
import { CancelKeys, type CancelOutcome } from "./protocols/postgres/cancel.ts";
import { postgresCatalog } from "./protocols/postgres/catalog-source.ts";
import { SIDES } from "./protocols/postgres/encode.ts";
import { postgresEstimates } from "./protocols/postgres/estimates.ts";
import { inertFrames } from "./protocols/postgres/inert.ts";
import { createPostgres } from "./protocols/postgres/postgres.ts";
import { TargetFailure, type UpstreamParts } from "./protocols/postgres/reach.ts";

export interface Gateway {
  /** Where it listens; chosen by the system when the configuration says 0. */
  readonly port: number;
  readonly adminPort: number;
  /** Takes no more sessions, ends those that are left after a grace, flushes evidence. */
  stop(graceMs: number): Promise<void>;
}

/** In one line of the log. */
const NAMED_RELATIONS = 20;
const clock: Clock = { now: Date.now, micros: () => performance.now() * 1000 };

/**
 * @param openHome where things are kept, when that is not for the configuration to say
 * @throws StartRefused, or the error of what could not be opened; nothing listens then
 */
export async function startGateway(config: Config, log: Log, openHome = homeOf(config)): Promise<Gateway> {
  const loaded = await load(config);
  const onProblem: HomeOptions["onProblem"] = (part, problem) => log.error(part, { problem });
  const home = await openHome({ config, clock, witnesses: loaded.witnesses, onProblem });
  const recovered = home.evidence.recovered.sessions.length;
  if (recovered > 0) log.warn("sessions of a process that died were closed", { recovered });
  try {
    return await compose(config, log, loaded, home);
  } catch (error) {
    await home.evidence.close();
    throw error;
  }
}

function homeOf({ aws }: Config): (options: HomeOptions) => Promise<Home> {
  return aws === undefined ? openLocalHome : (options) => openAwsHome(options, aws);
}

/** Opens everything in the order in which it depends on each other. */
async function compose(config: Config, log: Log, loaded: Loaded, home: Home): Promise<Gateway> {
  const { targets } = loaded.bundle;
  const { evidence, revocations, approvals, policies } = home;
  const loadPush = loadingFor(targets);
  const pushed = await startingWith(policies, loadPush);
  const policy = new Policy(pushed?.bundle ?? loaded.bundle);
  const inState = (path: string) => resolve(config.state, path);
  const metrics = new Metrics();
  if (home.witnesses !== null) watchWitnesses(metrics, home.witnesses);
  const upstream = { dialer, authorities: loaded.authorities, connectMs: config.limits.connectSeconds * 1000 };
  const credentials = openCredentials(targets, inState, clock.now);
  const identity = createIdentity({ issuers: issuersOf(config, loaded), oauth: config.oauth, revocations });
  const keep = keepCatalogs(inState("catalog"), () => log.warn("a catalog snapshot could not be kept"));
  const analysis = createAnalysis({
    catalogs: catalogsOf(targets, upstream, credentials),
    declared: (target, name) => policy.bundle.catalog.declaredFunction(target, name),
    keyColumns: (target) => {
      const { targets: now, catalog } = policy.bundle;
      return now.get(target)?.disclosures === "companion" ? catalog.subjectColumns(target) : new Set();
    },
    onSnapshot(snapshot) {
      keep(snapshot);
      reportDrift(policy.bundle, snapshot, log);
    },
    onFailure: (target, error) => log.warn("a catalog could not be read", { target, ...reasonOf(error) }),
  });
  const estimates = postgresEstimates(upstream, targets, credentials);
  const cancelled = (outcome: CancelOutcome) => metrics.count("cancel_requests", 1, outcome);
  const fleet =
    home.fleet === undefined
      ? undefined
      : await openFleet({
          ...home.fleet,
          now: clock.now,
          newId: () => newId(clock.now()),
          onRequest: async (request) => cancelled(await cancelKeys.handed(request)),
          onProblem: (problem) => log.error("fleet", { problem }),
        });
  const cancelKeys = new CancelKeys(randomBytes, fleet);
  const parts: GateParts = {
    clock,
    get bundle() {
      return policy.bundle;
    },
    get decisions() {
      return policy.decisions;
    },
    identity,
    approvals: {
      port: approvals,
      get rules() {
        return policy.bundle.approvals;
      },
    },
    estimates,
    inspection: inspectionOf(config),
    analysis,
    evidence,
    credentials,
    meter: metrics,
    newId: () => newId(clock.now()),
    sha256: nodeSha256,
    pseudonyms: home.pseudonyms,
    subjects: home.subjects,
    inert: { postgres: inertFrames },
    sides: { postgres: SIDES },
    ...(fleet === undefined ? {} : { places: fleet }),
    maxSessions: config.limits.sessions,
  };
  const gate = await createGate(parts, policyEvent(policy.bundle, null, pushed));
  revocations.onEntered((revocation) => void recordRevocation(evidence, revocation).catch(() => {}));
  // On AWS the function `officers` writes into the evidence itself what they agreed on.
  const stopOfficers =
    config.aws === undefined ? watchOfficers(inState("index.db"), (event) => recordOwn(evidence, event)) : () => {};
  const postgres = createPostgres({
    ...upstream,
    clock,
    log,
    tls: loaded.tls,
    allowPlaintextLoopback: config.allowPlaintextLoopback,
    authentication: config.authentication,
    oauth: config.oauth,
    cancelKeys,
    loginMs: config.limits.loginSeconds * 1000,
    pending: config.limits.pending,
    onCrowded: () => metrics.count("connections", 1, "crowded"),
    searchPath: (target) => analysis.snapshot(target)?.searchPath ?? [],
    onCancel: cancelled,
    onDiscovery: () => metrics.count("logins_ended", 1, "oauth discovery"),
  });
  await analysis.start();
  const watch = new PolicyWatch({
    source: policies,
    approvals,
    session: gate.session,
    deployed: loaded.bundle.version,
    running: pushed?.inForce.push ?? null,
    now: clock.now,
    load: loadPush,
    async use(next) {
      await gate.record(policyEvent(next.bundle, policy.bundle.version, next));
      policy.use(next.bundle);
      analysis.redeclare();
      log.info("another policy is in force", { version: next.bundle.version, push: next.push.id });
    },
    onTrouble(kind, words) {
      metrics.count("policy_troubles", 1, kind);
      log.error("policy", { problem: words });
    },
  });

  const readiness = () => ({
    evidence: evidence.available,
    catalogs: [...targets.keys()].every((target) => analysis.snapshot(target) !== null),
    revocations: revocations.available,
    approvals: approvals.available,
    ...(fleet === undefined ? {} : { fleet: fleet.available }),
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
      watch.close();
      // Its last news goes into the gate's own log.
      await approvals.close();
      await gate.close();
      await fleet?.close();
      estimates.close();
      stopOfficers();
      await evidence.close();
      await home.witnesses?.close();
      await analysis.close();
      identity.close();
      revocations.close();
      policies.close();
      health.close();
    },
  };
}

/** What was pushed goes before what was deployed, and nothing listens before it is known. */
async function startingWith(policies: PolicySource, load: ReturnType<typeof loadingFor>): Promise<PushedPolicy | null> {
  try {
    return await pushedPolicy(policies, load);
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown";
    throw new StartRefused([`the policy in force cannot be read (${why})`]);
  }
}

function watchWitnesses(metrics: Metrics, witnesses: RunningWitnesses): void {
  const help = "Entries of the ledger that are under no head with enough cosignatures of witnesses.";
  metrics.watch("ledger_uncosigned_entries", help, () => witnesses.uncosigned);
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

function recordRevocation(evidence: EvidencePort, { name, by, reason }: Revocation): Promise<void> {
  return recordOwn(evidence, { type: "revocation.entered", identity: name, by, reason });
}

/** A line of the gateway's own log, in a session of its own: for what is rare. */
async function recordOwn(evidence: EvidencePort, event: EvidenceEvent): Promise<void> {
  const log = evidence.open({ session: newId(clock.now()), target: "gateway", protocol: "postern", principal: null });
  try {
    await log.record(event);
  } catch (error) {
    // It is tried again in another one; this one gets its end when evidence can be written.
    log.close("not recorded").catch(() => undefined);
    throw error;
  }
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
