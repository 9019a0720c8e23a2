// Events and recorded output of a session in the order in which they happened.
import type { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import type { EvidenceLine } from "#shared/evidence/line-read.ts";
import type { Chunk } from "#shared/evidence/recording.ts";
import type { SessionSummary } from "#shared/evidence/summary.ts";

export type Step =
  | { readonly type: "event"; readonly time: number; readonly line: EvidenceLine }
  | { readonly type: "output"; readonly time: number; readonly chunk: Chunk };

/** A chunk names the newest event of its moment: it comes after that one and before the next. */
export async function* steps(evidence: LocalEvidence, so: SessionSummary): AsyncGenerator<Step> {
  const chunks = evidence.chunks(so);
  let chunk = await chunks.next();
  for await (const { line } of evidence.lines(so)) {
    while (!chunk.done && chunk.value.seq < line.seq) {
      yield { type: "output", time: chunk.value.time, chunk: chunk.value };
      chunk = await chunks.next();
    }
    yield { type: "event", time: line.time, line };
  }
  for (; !chunk.done; chunk = await chunks.next()) yield { type: "output", time: chunk.value.time, chunk: chunk.value };
}
