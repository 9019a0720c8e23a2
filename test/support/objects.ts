// Objects of evidence as a recorder makes them, without one: a session's lines, cut where a test wants it.
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import { compress } from "#proxy/adapters/node-zstd.ts";
import { genesis, link } from "#shared/evidence/chain.ts";
import type { EvidenceEvent, SessionIdentity } from "#shared/evidence/event.ts";
import { LineWriter } from "#shared/evidence/line.ts";
import { type EvidenceObject, placeOf, segmentObject } from "#shared/evidence/segment.ts";
import { isEnd } from "#shared/evidence/summary.ts";

/** @param start milliseconds since the epoch; each event comes a second after the one before */
export function linesOf(identity: SessionIdentity, events: readonly EvidenceEvent[], start: number): string[] {
  const writer = new LineWriter(identity);
  let prev = genesis(identity.session, nodeSha256);
  return events.map((event, i) => {
    const line = writer.write(event, i + 1, start + i * 1000, prev);
    prev = link(line, nodeSha256);
    return line;
  });
}

/** @param cuts numbers of events after which an object ends */
export async function objectsOf(
  identity: SessionIdentity,
  events: readonly EvidenceEvent[],
  start: number,
  cuts: readonly number[],
): Promise<EvidenceObject[]> {
  const lines = linesOf(identity, events, start);
  const place = placeOf(identity.session, identity.target, start);
  const ends = [...new Set([...cuts, events.length])].filter((end) => end >= 1).sort((a, b) => a - b);
  const tools = { sha256: nodeSha256, pack: (bytes: Uint8Array) => compress(bytes, 3) };
  return Promise.all(
    ends.map((last, i) => {
      const first = (ends[i - 1] ?? 0) + 1;
      const bytes = Buffer.from(
        lines
          .slice(first - 1, last)
          .map((line) => `${line}\n`)
          .join(""),
      );
      const end = events[last - 1];
      return segmentObject(place, { first, last, bytes }, end !== undefined && isEnd(end), tools);
    }),
  );
}
