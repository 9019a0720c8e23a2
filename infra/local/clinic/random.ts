// Repeatable randomness: the same seed and name give the same numbers on every machine.

export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** Some of them, in their order; at most `most`. */
  some<T>(from: readonly T[], most: number): T[];
}

/** FNV-1a, 32 bits: turns a name into a seed, so that each table has numbers of its own. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** sfc32 (Chris Doty-Humphrey's PractRand): small, fast, passes PractRand; not for secrets. */
export function random(seed: number, name: string): Random {
  let a = seed >>> 0;
  let b = hash(name);
  let c = 0x9e3779b9;
  let counter = 1;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
  for (let i = 0; i < 15; i++) next();
  const int = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  const pick = <T>(from: readonly T[]) => from[int(0, from.length - 1)] as T;
  return {
    next,
    int,
    pick,
    chance: (probability) => next() < probability,
    some: (from, most) => {
      const wanted = new Set(Array.from({ length: int(0, most) }, () => int(0, from.length - 1)));
      return from.filter((_, index) => wanted.has(index));
    },
  };
}
