// What two officers have agreed on, as evidence.
import { genesis, link } from "./chain.ts";
import type { Sha256 } from "./digest.ts";
import type { EvidenceEvent } from "./event.ts";
import { LineWriter } from "./line.ts";
import type { OfficerRequest } from "./officers.ts";
import { type EvidenceObject, placeOf, segmentObject } from "./segment.ts";

/** Null for what nobody has agreed to. */
export function officerEvent(request: OfficerRequest): EvidenceEvent | null {
  const { id, what, session, target, asked, agreed, until } = request;
  if (agreed === null) return null;
  const type = what === "open" ? "sealed.opened" : "sealed.shredded";
  return { type, id, of: session, target, asked, agreed, until };
}

export interface RecordTools {
  readonly sha256: Sha256;
  pack(bytes: Uint8Array): Promise<Uint8Array>;
}

/** What was agreed on as evidence, where no gateway writes it: a session of its own, named by the request, of one object. The same each time. */
export function officerRecord(
  request: OfficerRequest,
  tools: RecordTools,
): { readonly text: string; object(): Promise<EvidenceObject> } | null {
  const event = officerEvent(request);
  if (event === null || request.agreed === null) return null;
  const { at } = request.agreed;
  const identity = { session: request.id, target: "gateway", protocol: "postern", principal: null };
  const writer = new LineWriter(identity);
  const first = writer.write(event, 1, at, genesis(request.id, tools.sha256));
  const closed = { type: "session.closed", reason: "recorded", statements: 0, rows: 0, bytes: 0 } as const;
  const text = `${first}\n${writer.write(closed, 2, at, link(first, tools.sha256))}\n`;
  const run = { first: 1, last: 2, bytes: new TextEncoder().encode(text) };
  return { text, object: () => segmentObject(placeOf(request.id, identity.target, at), run, true, tools) };
}
