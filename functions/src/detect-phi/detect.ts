// Many texts, each in as many calls as it needs, some calls at a time. A text is inspected when all of its pieces are.
import type { Found, Inspected, NotInspected } from "#shared/masking/inspection.ts";
import type { DetectPhi, Entity } from "../adapters/comprehend-medical.ts";
import { type Piece, piecesOf } from "./pieces.ts";

/** Calls at a time. */
const AT_ONCE = 8;

/**
 * @param signal when it is aborted, what has not been answered has failed for want of time
 * @returns one answer for each text
 */
export async function inspect(
  texts: readonly string[],
  detect: DetectPhi,
  signal: AbortSignal,
): Promise<readonly Inspected[]> {
  const found: Found[][] = texts.map(() => []);
  const failed: (NotInspected | undefined)[] = texts.map(() => undefined);
  const jobs = texts.flatMap((text, of) => piecesOf(text).map((piece) => ({ of, piece })));
  const worker = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const { of, piece } = job;
      if (failed[of] !== undefined) continue;
      const said = signal.aborted ? "time-out" : await detect(piece.text, signal);
      const places = typeof said === "string" ? said : placed(said, piece);
      if (typeof places === "string") failed[of] = places;
      else found[of]!.push(...places);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return texts.map((_, of) => {
    const why = failed[of];
    return why === undefined ? { found: found[of]! } : { failed: why };
  });
}

/** Places in the whole text. When one does not fit the piece, the service counts otherwise than we do, and none can be relied on. */
function placed(entities: readonly Entity[], piece: Piece): Found[] | NotInspected {
  const points = [...piece.text];
  const fits = ({ start, end, text }: Entity) =>
    start >= 0 &&
    start < end &&
    end <= points.length &&
    (text === undefined || plain(points.slice(start, end).join("")) === plain(text));
  if (!entities.every(fits)) return "malformed";
  return entities.map(({ start, end, type }) => ({ start: piece.at + start, end: piece.at + end, type }));
}

function plain(text: string): string {
  return text.replace(/\s+/gu, " ").trim();
}
