// The name of a spool says which part of which lane it holds, so that recovery needs nothing else.
import { type Lane, objectKey, type Place, parseKey } from "#shared/evidence/segment.ts";

type Spooled = Exclude<Lane, "events">;

export function spoolName(lane: Spooled, place: Place, firstBlock: number): string {
  const name = `${place.date},${place.target},${place.session},${firstBlock}`;
  return lane === "recordings" ? name : `${name},${lane}`;
}

export interface SpoolName {
  readonly lane: Spooled;
  readonly place: Place;
  readonly firstBlock: number;
}

/** @returns null when the name is not that of a spool */
export function parseSpoolName(name: string): SpoolName | null {
  const [date = "", target = "", session = "", block = "", other] = name.split(",");
  const lane = other === "sealed" ? "sealed" : "recordings";
  const firstBlock = Number(block);
  const place = { date, target, session };
  const isName = Number.isSafeInteger(firstBlock) && name === spoolName(lane, place, firstBlock);
  const key = isName ? objectKey({ lane, ...place, first: firstBlock, last: firstBlock }) : "";
  return parseKey(key) === null ? null : { lane, place, firstBlock };
}
