// Texts that are longer than one call takes, cut into pieces at word boundaries. Neighbours overlap, so that what stands at a cut is whole in
// one of them.

/** Bytes of UTF-8 of one call: DetectPHI takes fewer than 20,000 (API reference, Text; quotas: 20 KB). */
export const MOST_BYTES = 19_000;
/** Bytes that neighbours share, and so long is the longest identifier that is whole in one of them wherever it stands. */
export const OVERLAP_BYTES = 600;
/** So far a cut may move to reach a word's boundary. */
const REACH_BYTES = 200;

export interface Piece {
  readonly text: string;
  /** Code points of the whole text before it. */
  readonly at: number;
}

/** @param most bytes of a piece, at least twice the overlap */
export function piecesOf(text: string, most: number = MOST_BYTES): readonly Piece[] {
  const points = [...text];
  const upTo = sums(points);
  const bytes = (from: number, to: number) => upTo[to]! - upTo[from]!;
  const pieces: Piece[] = [];
  for (let from = 0; ; ) {
    let to = from;
    while (to < points.length && bytes(from, to + 1) <= most) to++;
    if (to < points.length) to = boundary(points, to, (at) => bytes(at, to) <= REACH_BYTES);
    pieces.push({ text: points.slice(from, to).join(""), at: from });
    if (to === points.length) return pieces;
    let next = to;
    while (bytes(next, to) < OVERLAP_BYTES) next--;
    from = boundary(points, next, (at) => bytes(at, next) <= REACH_BYTES);
  }
}

/** The nearest place at or before `at` where a word ends or begins; `at` when there is none in reach. */
function boundary(points: readonly string[], at: number, inReach: (place: number) => boolean): number {
  for (let place = at; place > 0 && inReach(place); place--)
    if (isSpace(points[place - 1]!) || isSpace(points[place]!)) return place;
  return at;
}

function isSpace(point: string): boolean {
  return /\s/u.test(point);
}

/** Bytes before each code point, and in all. */
function sums(points: readonly string[]): number[] {
  const upTo = [0];
  let total = 0;
  for (const point of points) {
    const code = point.codePointAt(0)!;
    total += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    upTo.push(total);
  }
  return upTo;
}
