// The name of a spool says which part of which recording it holds, so that recovery needs nothing else.
import { objectKey, type Place, parseKey } from "#shared/evidence/segment.ts";

export function spoolName(place: Place, firstBlock: number): string {
  return `${place.date},${place.target},${place.session},${firstBlock}`;
}

/** @returns null when the name is not that of a spool */
export function parseSpoolName(name: string): { readonly place: Place; readonly firstBlock: number } | null {
  const [date = "", target = "", session = "", block = ""] = name.split(",");
  const firstBlock = Number(block);
  const place = { date, target, session };
  const isName = name === spoolName(place, firstBlock) && Number.isSafeInteger(firstBlock);
  const key = isName ? objectKey({ lane: "recordings", ...place, first: firstBlock, last: firstBlock }) : "";
  return parseKey(key) === null ? null : { place, firstBlock };
}
