// The gate. A login passes in this order: identity, target, room, evidence. A command passes in session.ts.
import { Refusal } from "#shared/errors.ts";
import type { EvidenceEvent, Source } from "#shared/evidence/event.ts";
import type { Principal } from "#shared/identity.ts";
import type { Target } from "#shared/target.ts";
import type { SessionEvidence } from "../ports/evidence.ts";
import type { Claim, Gate, Session } from "../protocol.ts";
import { newsEvents } from "./news.ts";
import type { GateParts } from "./parts.ts";
import { fullFor, Registry } from "./registry.ts";
import { GateSession } from "./session.ts";

export interface RunningGate extends Gate {
  readonly sessions: Registry;
  /** Its own log's. */
  readonly session: string;
  /** Keeps an event in its own log; resolves when it is durable. */
  record(event: EvidenceEvent): Promise<void>;
  /** No new sessions; those that live are told after `graceMs`. Resolves when none is left. */
  drain(graceMs: number): Promise<void>;
  /** Stops timers and listeners, ends the gateway's own log. */
  close(): Promise<void>;
}

/** Opens the gateway's own log (refused logins, the policy in force) and starts the clock of session limits. */
export async function createGate(parts: GateParts, policy: EvidenceEvent = inForce(parts)): Promise<RunningGate> {
  const registry = new Registry(parts.maxSessions);
  const own = parts.newId();
  const log = parts.evidence.open({ session: own, target: "gateway", protocol: "postern", principal: null });
  await log.record(policy);

  const timer = setInterval(() => registry.tick(parts.clock.now()), 1000);
  timer.unref();
  const stopFeed = parts.approvals.port.feed(async (news) => {
    for (const event of newsEvents(news)) await log.record(event);
  });
  const stopListening = parts.identity.onRevocation((isRevoked) =>
    registry.endWhere((session) => isRevoked(session.principal), "revoked"),
  );

  return {
    sessions: registry,
    session: own,
    record: (event) => log.record(event),
    admit: (claim) => admit(parts, registry, log, claim),
    turnAway: (_protocol, source, claimed, refusal) => turnAway(parts, log, source, claimed, refusal),
    async drain(graceMs) {
      registry.draining = true;
      const grace = setTimeout(() => registry.endWhere(() => true, "shutting-down"), graceMs);
      await registry.whenEmpty();
      clearTimeout(grace);
    },
    async close() {
      clearInterval(timer);
      stopListening();
      stopFeed();
      await log.close("gateway stopped");
    },
  };
}

function inForce({ bundle }: GateParts): EvidenceEvent {
  return { type: "policy.in_force", version: bundle.version, previous: null };
}

async function admit(
  parts: GateParts,
  registry: Registry,
  log: SessionEvidence,
  claim: Claim,
): Promise<Session | Refusal> {
  const outcome = await tryAdmit(parts, registry, claim);
  if (outcome instanceof Refusal) await turnAway(parts, log, claim.source, claim.user, outcome);
  return outcome;
}

async function tryAdmit(parts: GateParts, registry: Registry, claim: Claim): Promise<Session | Refusal> {
  if (registry.draining) return new Refusal("shutting-down");
  if (!parts.evidence.available) return new Refusal("evidence-unavailable");

  const principal = await parts.identity.verify(claim.token);
  if (principal instanceof Refusal) return principal;
  if (principal.name !== claim.user) return new Refusal("user-mismatch");

  const target = await chooseTarget(parts, principal, claim);
  if (target instanceof Refusal) return target;
  const crowded = registry.room(principal, target);
  if (crowded !== undefined) return crowded;

  if (!(await parts.evidence.room())) return new Refusal("evidence-unavailable");
  const credential = await parts.credentials.fetch(target.name).catch(() => null);
  if (credential === null) return new Refusal("target-refused");

  const place = await takePlace(parts, principal, target);
  if (place instanceof Refusal) return place;
  const identity = { session: parts.newId(), target: target.name, protocol: claim.protocol, principal };
  const evidence = parts.evidence.open(identity);
  const session = new GateSession(parts, registry, evidence, { identity, principal, target, claim, credential });
  // Taken before the wait for durability, so that two logins at once cannot both have the last place.
  const full = registry.room(principal, target);
  if (full === undefined) registry.add(session, place);
  else place();
  try {
    await evidence.record({
      type: "session.opened",
      source: claim.source,
      application: claim.application,
      ...(claim.purpose === undefined ? {} : { purpose: claim.purpose }),
      tls: claim.tls,
      authentication: claim.authentication,
      credential: credential.version,
      pseudonymKey: parts.pseudonyms.version,
      sealed: target.sealed,
      ...(target.disclosures === "off" ? {} : { disclosureKey: parts.subjects.version }),
    });
  } catch {
    registry.remove(session);
    return new Refusal("evidence-unavailable");
  }
  // Revoked while the login was under way: the listener has not seen this session.
  const over = full ?? (parts.identity.isRevoked(principal) ? new Refusal("offboarded") : undefined);
  if (over !== undefined) {
    await session.close(over.code);
    return over;
  }
  parts.meter.count("sessions_opened", 1, principal.kind);
  parts.meter.gauge("sessions_live", registry.size);
  return session;
}

/** A place among the sessions of all gateways, where there are several. @returns what gives it back */
async function takePlace({ places }: GateParts, principal: Principal, target: Target): Promise<(() => void) | Refusal> {
  if (places === undefined) return () => {};
  const { connections, connectionsPerPrincipal } = target.limits;
  const place = { target: target.name, principal: principal.name };
  try {
    const full = await places.take(place, { target: connections, principal: connectionsPerPrincipal });
    return full === null ? () => places.free(place) : fullFor(full, target);
  } catch {
    return new Refusal("limits-unavailable");
  }
}

/** The target that was asked for, if policy lets this identity connect; else a refusal that lists those it may. */
async function chooseTarget(parts: GateParts, principal: Principal, claim: Claim): Promise<Target | Refusal> {
  const allowed: string[] = [];
  for (const name of parts.bundle.targets.keys()) {
    const request = {
      principal,
      target: name,
      question: { type: "connect" },
      ...(claim.purpose === undefined ? {} : { purpose: claim.purpose }),
      source: claim.source.address,
      time: parts.clock.now(),
    } as const;
    const decision = await parts.decisions.decide(request).catch(() => null);
    if (decision === null) return new Refusal("decision-unavailable");
    if (decision.outcome === "permit") allowed.push(name);
  }
  const target = parts.bundle.targets.get(claim.target);
  if (target !== undefined && allowed.includes(claim.target)) return target;
  return new Refusal("unknown-target", {
    message: `there is no target "${claim.target.slice(0, 63)}" for ${principal.name}`,
    detail: allowed.length > 0 ? `Targets: ${allowed.join(", ")}.` : "This identity may use no target.",
  });
}

async function turnAway(
  parts: GateParts,
  log: SessionEvidence,
  source: Source,
  claimed: string,
  refusal: Refusal,
): Promise<void> {
  parts.meter.count("logins_refused", 1, refusal.code);
  // A failing journal is itself the reason for most refusals then: the client gets its answer all the same.
  await log
    .record({
      type: "session.refused",
      source,
      claimed: claimed.slice(0, 63),
      code: refusal.code,
      why: refusal.message,
    })
    .catch(() => {});
}
