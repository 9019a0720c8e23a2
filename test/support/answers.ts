// Whether an answer tells of a masked value: the oracle of the bypass corpus, which knows nothing of our analysis.
import type { Answer } from "./forms.ts";

/** What differs between two targets for reasons of their own: process numbers of notifications, keys of sessions. */
const OWN = new Set(["K"]);
const PSEUDONYM = /p_[a-z2-7]{8,16}/g;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** A version 8 UUID in binary format: its length before it, the bits of version and variant (RFC 9562) inside. */
const BINARY_UUID = /(?<=\x00\x00\x00\x10)[\s\S]{6}[\x80-\x8f][\s\S][\x80-\xbf][\s\S]{7}/g;

/**
 * The answer as text (one character for a byte), with pseudonyms numbered in the order in which they come: a pseudonym keeps which values are
 * equal, and nothing else of them.
 */
export function canonical(answer: Answer): string {
  const numbers = new Map<string, string>();
  const number = (found: string) => {
    const known = numbers.get(found) ?? `#${numbers.size + 1}`;
    numbers.set(found, known);
    return known;
  };
  return answer
    .filter((message) => !OWN.has(message.type))
    .map(({ type, body }) => `${type} ${(type === "A" ? body.subarray(4) : body).toString("latin1")}`)
    .join("\n")
    .replace(BINARY_UUID, number)
    .replace(PSEUDONYM, number)
    .replace(UUID, number)
    .replace(/Policy bundle [0-9a-f]+/g, "Policy bundle");
}

/** Values that must not be seen, in any spelling in which a query language could put them. */
export class Canaries {
  readonly #tails = new Map<string, { readonly spelling: string; readonly value: string }[]>();

  /** @param values as the database shows them */
  constructor(values: Iterable<string>) {
    for (const value of new Set(values))
      for (const spelling of spellings(value)) {
        if (spelling.length < SHORTEST) continue;
        const head = spelling.slice(0, SHORTEST);
        const tails = this.#tails.get(head) ?? [];
        this.#tails.set(head, tails);
        tails.push({ spelling, value });
      }
  }

  /** The first value that is in the text, unless what was sent says it itself. */
  find(text: string, sent: string): string | null {
    for (let at = 0; at + SHORTEST <= text.length; at++)
      for (const { spelling, value } of this.#tails.get(text.slice(at, at + SHORTEST)) ?? [])
        if (text.startsWith(spelling, at) && !sent.includes(spelling)) return value;
    return null;
  }
}

/** Shorter ones are in everything. */
const SHORTEST = 7;

function spellings(value: string): string[] {
  const bytes = Buffer.from(value);
  const latin1 = bytes.toString("latin1");
  const plain = [latin1, latin1.toUpperCase(), latin1.toLowerCase(), value.replace(/\D/g, "")];
  // Base64 of a longer text holds the value's own only from a byte that is a multiple of three, so each of the three is tried.
  const shifted = [0, 1, 2].map((n) =>
    Buffer.concat([Buffer.alloc(n), bytes])
      .toString("base64")
      .slice(n === 0 ? 0 : 4),
  );
  const base64 = shifted.map((text) => text.replace(/=+$/, "").slice(0, -1));
  const wide = Buffer.from(value, "utf16le").toString("latin1");
  return [
    ...plain,
    ...plain.map(reversed),
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    ...base64,
    wide,
  ];
}

const reversed = (text: string): string => [...text].reverse().join("");
