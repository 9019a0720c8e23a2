// A bundle in a file: written object by object, and read so that never more than one object is in memory.
import { createReadStream, existsSync } from "node:fs";
import { open } from "node:fs/promises";
import type { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import {
  type Base64,
  type Bundle,
  type BundledObject,
  type BundleHead,
  encodeEnd,
  encodeHead,
  encodeObject,
  leafOf,
  readBundleLine,
} from "#shared/evidence/bundle.ts";
import { Prover } from "#shared/evidence/proof.ts";
import { type ObjectRecord, parseKey } from "#shared/evidence/segment.ts";
import { BadEvidence } from "#shared/evidence/verify-types.ts";

export const base64: Base64 = {
  encode: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
  decode: (text) => {
    const bytes = Buffer.from(text, "base64");
    return bytes.toString("base64") === text ? bytes : null;
  },
};

/** @param leaves all leaves under the head, in order; `wanted` picks those whose objects go into the file */
export async function* bundleLines(
  evidence: LocalEvidence,
  head: BundleHead,
  leaves: readonly ObjectRecord[],
  wanted: (record: ObjectRecord) => boolean,
): AsyncGenerator<string> {
  const prover = new Prover(
    leaves.map((record) => leafOf(record, nodeSha256)),
    nodeSha256,
  );
  yield encodeHead(head);
  const objects = [...leaves.entries()].filter(([, record]) => wanted(record)).sort(([, a], [, b]) => inOrder(a, b));
  for (const [index, record] of objects) {
    const bytes = await evidence.store.get(record.key);
    if (bytes === null) throw new BadEvidence({ key: record.key, what: "the object is missing" });
    yield encodeObject({ record, index, proof: prover.path(index) }, bytes, base64);
  }
  yield encodeEnd(objects.length);
}

/** The objects of a session together, its events before its recording, each in order: a verifier has to remember little. */
function inOrder(a: ObjectRecord, b: ObjectRecord): number {
  const [x, y] = [parseKey(a.key), parseKey(b.key)];
  if (x?.session !== y?.session) return (x?.session ?? "") < (y?.session ?? "") ? -1 : 1;
  if (x?.lane !== y?.lane) return x?.lane === "events" ? -1 : 1;
  return a.first - b.first;
}

export function isBundle(path: string): boolean {
  return path.includes(".") && existsSync(path);
}

interface Place {
  readonly at: number;
  readonly length: number;
  readonly line: number;
}

/** Lines end with a newline byte and with nothing else, the last one too. */
async function* linesOf(path: string): AsyncGenerator<{ text: string; at: number; length: number }> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let held: Buffer[] = [];
  let at = 0;
  const whole = (end: Buffer) => {
    const bytes = Buffer.concat([...held, end]);
    held = [];
    try {
      return { text: decoder.decode(bytes), length: bytes.length };
    } catch {
      return { text: "", length: bytes.length };
    }
  };
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const { text, length } = whole(chunk.subarray(start, end));
      yield { text, at, length };
      at += length + 1;
      start = end + 1;
    }
    held.push(chunk.subarray(start));
  }
  if (whole(Buffer.alloc(0)).length > 0)
    throw new BadEvidence({ key: "bundle", what: "the bundle does not end with a whole line" });
}

/** @throws BadEvidence when the file is not a whole bundle */
export async function readBundle(path: string): Promise<Bundle & { close(): Promise<void> }> {
  const places = new Map<string, Place>();
  const objects: BundledObject[] = [];
  let head: BundleHead | null = null;
  let ended = false;
  let line = 0;
  for await (const { text, at, length } of linesOf(path)) {
    line += 1;
    const found = readBundleLine(text, line, base64);
    const bad = (what: string) => new BadEvidence({ key: "bundle", line, what });
    if (ended || (head === null) !== (found.type === "head")) throw bad("the line is out of place");
    if (found.type === "head") head = found.head;
    else if (found.type === "end") {
      if (found.objects !== objects.length) throw bad(`the bundle has ${objects.length} objects, not ${found.objects}`);
      ended = true;
    } else {
      places.set(found.object.record.key, { at, length, line });
      objects.push(found.object);
    }
  }
  if (head === null || !ended) throw new BadEvidence({ key: "bundle", line, what: "the bundle has no end" });
  const file = await open(path, "r");
  const get = async (key: string) => {
    const place = places.get(key);
    if (place === undefined) return null;
    const text = Buffer.alloc(place.length);
    await file.read(text, 0, place.length, place.at);
    const found = readBundleLine(text.toString(), place.line, base64);
    return found.type === "object" ? found.data : null;
  };
  return { head, objects, get, close: () => file.close() };
}
