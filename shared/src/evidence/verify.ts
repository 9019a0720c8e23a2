// Is the evidence whole and unaltered? Pure over an async reader of objects: whoever has the objects and the ledger's public key can ask.
// The ledger comes first (verify-ledger.ts), then each session (verify-session.ts); the first bad place ends it and is named.
import { type ObjectName, type ObjectRecord, parseKey } from "./segment.ts";
import { ApprovalWalk } from "./verify-approvals.ts";
import { DecisionWalk } from "./verify-decisions.ts";
import { DisclosureWalk } from "./verify-disclosures.ts";
import { IndexWalk } from "./verify-index.ts";
import { type LedgerView, readLedger } from "./verify-ledger.ts";
import { verifyLocks } from "./verify-locks.ts";
import { PolicyWalk } from "./verify-policy.ts";
import { verifySession } from "./verify-session.ts";
import { Shredding } from "./verify-shredded.ts";
import {
  BadEvidence,
  type BadPlace,
  type CosignedHead,
  type EvidenceReader,
  emptyTally,
  type KnownHead,
  type Scope,
  type SessionObjects,
  type VerifyReport,
  type VerifyRequest,
  type VerifyTools,
  type Walk,
} from "./verify-types.ts";
import { notesOn, readCosigned } from "./verify-witnesses.ts";

export async function verifyEvidence(
  reader: EvidenceReader,
  tools: VerifyTools,
  request: VerifyRequest,
): Promise<VerifyReport> {
  const checked = emptyTally();
  const approvals = new ApprovalWalk();
  const policies = new PolicyWalk(tools.sha256);
  const decisions = new DecisionWalk(request.deciderOf);
  const shredding = new Shredding();
  const index = request.index === undefined || request.scope.type !== "all" ? null : new IndexWalk(request.index);
  const walk: Walk = {
    reader,
    tools,
    checked,
    open: [],
    recovered: [],
    notes: [],
    approvals,
    policies,
    decisions,
    disclosures: new DisclosureWalk(),
    shredding,
    index,
    step: () => undefined,
  };
  let head: KnownHead | null = null;
  let cosigned: CosignedHead | null = null;
  const report = (bad: BadPlace | null): VerifyReport => {
    const { open, recovered, notes } = walk;
    return { ok: bad === null, bad, head, cosigned, checked, open, recovered, notes };
  };
  try {
    // In this order, since lines move from the journal to objects, and objects to the ledger, while this runs.
    const pending = (await request.pending()).lines;
    const witnessed = await readCosigned(reader, request.verifierKey, tools, request.witnesses ?? null);
    const ledger = await readLedger(reader, tools, request, witnessed);
    [head, cosigned] = [ledger.head, witnessed];
    walk.notes.push(...notesOn(cosigned, head.size));
    checked.ledgerEntries = ledger.head.size;
    const sessions = bySession(ledger.records.values(), request.scope);
    for (const session of unwritten(pending, sessions, request.scope))
      sessions.set(session, { events: [], recordings: [], sealed: [] });
    await verifySessions(walk, sessions, pending, request);
    checked.approved = approvals.runs;
    walk.notes.push(...approvals.check(request.scope.type === "all"));
    walk.notes.push(...policies.check(request.scope.type === "all"));
    checked.decisions = decisions.again;
    walk.notes.push(...decisions.notes());
    if (request.hasKey !== undefined)
      walk.notes.push(...(await shredding.notes(request.hasKey, request.scope.type === "all")));
    noteLimits(walk, ledger, request);
    if (request.locks === null) walk.notes.push("what keeps objects from being deleted was not looked at");
    else if (request.locks !== undefined)
      checked.locks = await verifyLocks(await lockedKeys(reader, sessions, request.scope), request.locks);
    await index?.end(ledger.head.size);
    return report(null);
  } catch (error) {
    if (!(error instanceof BadEvidence)) throw error;
    return report(error.place);
  }
}

/** Of some sessions their objects; else all that is stored. */
async function lockedKeys(
  reader: EvidenceReader,
  sessions: ReadonlyMap<string, SessionObjects>,
  scope: Scope,
): Promise<string[]> {
  if (scope.type !== "all")
    return [...sessions.values()].flatMap(({ events, recordings, sealed }) =>
      [...events, ...recordings, ...sealed].map(({ key }) => key),
    );
  const keys: string[] = [];
  for await (const { key } of reader.list("")) keys.push(key);
  return keys;
}

export async function verifySessions(
  walk: Walk,
  sessions: ReadonlyMap<string, SessionObjects>,
  pending: ReadonlyMap<string, readonly string[]>,
  request: Pick<VerifyRequest, "scope" | "progress">,
): Promise<void> {
  const ids = [...sessions.keys()].sort();
  // Policies come into force in the gateways' own logs: they are read before what was decided by them.
  ids.sort((a, b) => Number(isLog(sessions.get(b))) - Number(isLog(sessions.get(a))));
  const total = ids.reduce((sum, id) => sum + count(sessions.get(id)), 0);
  let done = 0;
  walk.step = () => request.progress?.(++done, total);
  for (const id of ids) {
    const objects = sessions.get(id);
    if (objects !== undefined) await verifySession(walk, id, objects, pending.get(id) ?? []);
    walk.checked.sessions += 1;
  }
  if (request.scope.type === "session" && ids.length === 0)
    throw new BadEvidence({
      key: "ledger/checkpoint",
      session: request.scope.session,
      what: "there is no evidence of this session",
    });
}

function isLog(objects: SessionObjects | undefined): boolean {
  return parseKey(objects?.events[0]?.key ?? "")?.target === "gateway";
}

function count(objects: SessionObjects | undefined): number {
  return objects === undefined ? 0 : objects.events.length + objects.recordings.length + objects.sealed.length;
}

export function bySession(records: Iterable<ObjectRecord>, scope: Scope): Map<string, SessionObjects> {
  const sessions = new Map<string, SessionObjects>();
  for (const record of records) {
    const name = parseKey(record.key);
    if (name === null)
      throw new BadEvidence({ key: record.key, what: "the ledger names an object that is no evidence" });
    if (!isInScope(name, scope)) continue;
    const objects = sessions.get(name.session) ?? { events: [], recordings: [], sealed: [] };
    sessions.set(name.session, objects);
    objects[name.lane].push(record);
  }
  for (const { events, recordings, sealed } of sessions.values())
    for (const lane of [events, recordings, sealed]) lane.sort((a, b) => a.first - b.first);
  return sessions;
}

function isInScope(name: ObjectName, scope: Scope): boolean {
  if (scope.type === "session") return name.session === scope.session;
  return scope.type === "all" || (name.date >= scope.since && name.date <= scope.until);
}

/** Sessions that only the journal knows yet. */
function unwritten(
  pending: ReadonlyMap<string, readonly string[]>,
  sessions: ReadonlyMap<string, SessionObjects>,
  scope: Scope,
): string[] {
  if (scope.type === "days") return [];
  return [...pending.keys()].filter((id) => !sessions.has(id) && (scope.type === "all" || scope.session === id));
}

function noteLimits(walk: Walk, ledger: LedgerView, request: VerifyRequest): void {
  if (request.scope.type !== "all")
    walk.notes.push("objects of other sessions were not read; only their place in the ledger was checked");
  if (walk.checked.pendingEvents > 0)
    walk.notes.push(
      `${walk.checked.pendingEvents} events are in the journal only, not yet under the ledger: their chain was checked`,
    );
  for (const key of ledger.unsealed)
    walk.notes.push(`${key} is announced in the journal and not in the ledger yet: recovery will put it there`);
  if (request.known === undefined)
    walk.notes.push("no earlier head of the ledger was given: that nothing was cut off its end could not be checked");
}
