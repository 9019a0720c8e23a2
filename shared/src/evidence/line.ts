// An event as one line: a JSON object of OCSF 1.6 (https://schema.ocsf.io), so that a SIEM reads it as it is, and one object of our own
// extension of it, `postern`, with the chain (session, seq, prev) and what OCSF has no word for. line-read.ts is the way back.
import type { MaskTally } from "../masking/types.ts";
import type { EvidenceEvent, FactsSummary, SessionIdentity } from "./event.ts";
import { activityOf, CLASSES, ownFields, type Standing, standingOf } from "./ocsf.ts";

/**
 * Writes the lines of one session. What all of them share is put together once: `execute` and `finished`, which a busy session writes
 * by the thousand, are a few concatenations, and leave out members that have their usual value (see line-read.ts).
 */
export class LineWriter {
  readonly #identity: SessionIdentity;
  #hot: string;
  readonly #link: string;
  #address: string | undefined;

  constructor(identity: SessionIdentity) {
    this.#identity = identity;
    this.#hot = hotStart(identity, undefined);
    this.#link = `,"postern":{"session":${JSON.stringify(identity.session)},"seq":`;
  }

  /**
   * @param seq 1 for the first event of the session
   * @param time milliseconds since the epoch
   * @param prev what chain.ts makes of the line before
   * @returns the line, without its newline
   */
  write(event: EvidenceEvent, seq: number, time: number, prev: string): string {
    if (event.type === "execute") {
      const start = `${this.#hot}${time}${this.#link}${seq},"prev":"${prev}","type":"execute","ref":${event.ref}`;
      const phase = event.phase === "execute" ? "" : `,"phase":"${event.phase}"`;
      const binds = event.binds === 0 ? "" : `,"binds":${event.binds}`;
      const decision = event.decision === null ? "" : `,"decision":${JSON.stringify(event.decision)}`;
      const approval = event.approval === undefined ? "" : `,"approval":${JSON.stringify(event.approval)}`;
      const goesOn = event.continues === undefined ? "" : `,"continues":true`;
      return `${start}${phase}${binds}${decision}${approval}${goesOn}}}`;
    }
    if (event.type === "finished") {
      const failed = isFine(event.sqlstate) ? "" : `,"status_id":2,"status_code":${JSON.stringify(event.sqlstate)}`;
      const start = `${this.#hot}${time}${failed}${this.#link}${seq},"prev":"${prev}","type":"finished","ref":${event.ref}`;
      const counts = `,"tag":${JSON.stringify(event.tag)},"rows":${event.rows},"bytes":${event.bytes},"micros":${event.micros}`;
      const masks = event.masks.length === 0 ? "" : `,"masks":${JSON.stringify(event.masks.map(tally))}`;
      const approval = event.approval === undefined ? "" : `,"approval":${JSON.stringify(event.approval)}`;
      return `${start}${counts}${masks}${approval}}}`;
    }
    return JSON.stringify(this.#full(event, seq, time, prev));
  }

  #full(event: EvidenceEvent, seq: number, time: number, prev: string): object {
    const { session, target, protocol, principal } = this.#identity;
    if (event.type === "session.opened") {
      this.#address = event.source.address;
      this.#hot = hotStart(this.#identity, this.#address);
    }
    const { category, uid } = CLASSES[event.type];
    const activity = activityOf(event);
    const standing: Standing = standingOf(event);
    return {
      class_uid: uid,
      category_uid: category,
      activity_id: activity,
      type_uid: uid * 100 + activity,
      severity_id: standing.severity,
      status_id: standing.status,
      metadata: {
        version: "1.6.0",
        product: { name: "Postern", vendor_name: "Postern" },
        extensions: EXTENSIONS,
        correlation_uid: session,
        // Of the other two classes none has a place of its own for it.
        ...(uid === 6005 || uid === 3002 ? {} : { log_name: target }),
      },
      ...(principal === null ? {} : { actor: { user: { name: principal.name }, session: { uid: session } } }),
      ...(this.#address === undefined ? {} : { src_endpoint: { ip: this.#address } }),
      ...(uid === 6005 ? { database: { name: target, type_id: RELATIONAL } } : {}),
      ...(uid === 3002 ? { service: { name: target } } : {}),
      ...ownFields(event, principal),
      time,
      postern: {
        v: 1,
        session,
        seq,
        prev,
        ...(seq === 1 ? { protocol, principal } : {}),
        ...extension(event),
      },
    };
  }
}

/** Our extension of OCSF (docs/ocsf): the object `postern`. Its number is the one that is free for private use. */
const EXTENSIONS = [{ name: "postern", uid: "999", version: "1.0.0" }];
const RELATIONAL = 1;

function hotStart({ principal, target }: SessionIdentity, address: string | undefined): string {
  const user = principal === null ? "" : `"actor":{"user":{"name":${JSON.stringify(principal.name)}}},`;
  const from = address === undefined ? "" : `"src_endpoint":{"ip":${JSON.stringify(address)}},`;
  return (
    `{"class_uid":6005,"category_uid":6,"activity_id":4,"type_uid":600504,"severity_id":1,` +
    `"metadata":{"version":"1.6.0","product":{"name":"Postern"},"extensions":${JSON.stringify(EXTENSIONS)}},${user}${from}` +
    `"database":{"name":${JSON.stringify(target)},"type_id":${RELATIONAL}},"time":`
  );
}

/** No error has no SQLSTATE, or that of success. */
function isFine(sqlstate: string): boolean {
  return sqlstate === "" || sqlstate === "00000";
}

function tally({ column, classes, mask, masked, clear, withheld, subjects }: MaskTally): object {
  return {
    column,
    classes,
    mask,
    masked,
    clear,
    ...(withheld === undefined ? {} : { withheld }),
    ...(subjects === undefined ? {} : { subjects }),
  };
}

/** The event's own words: all members, except those that `ownFields` puts where OCSF has a place for them. */
function extension(event: EvidenceEvent): object {
  switch (event.type) {
    case "statement": {
      const { text: _text, facts, ...rest } = event;
      return { ...rest, facts: facts.map(factsSummary) };
    }
    default:
      return event;
  }
}

function factsSummary(facts: FactsSummary): FactsSummary {
  const relations = facts.relations.map((r) => ({ relation: r.relation, actions: r.actions }));
  return { kind: facts.kind, complete: facts.complete, gaps: facts.gaps, relations };
}
