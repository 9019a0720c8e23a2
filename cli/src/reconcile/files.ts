// Files that an auditor has been given: by name or by folder, compressed or not, read once from the beginning to the end.
import { createReadStream } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { JSONParser } from "@streamparser/json";
import { Problem } from "../problem.ts";

/** Each file that is named, or lies in a folder that is named. @throws Problem for what is not there */
export async function* filesOf(named: readonly string[]): AsyncGenerator<string> {
  for (const path of named) {
    const found = await stat(path).catch(() => null);
    if (found === null) throw new Problem(`${path} is not there`, 2);
    if (!found.isDirectory()) yield path;
    else yield* filesOf((await readdir(path)).sort().map((name) => join(path, name)));
  }
}

/** A file's text, in pieces; gzip is told from its first bytes. */
export async function* piecesOf(file: string): AsyncGenerator<string> {
  const raw = createReadStream(file);
  const stream = (await isGzip(file)) ? pipeline(raw, createGunzip(), () => {}) : raw;
  stream.setEncoding("utf8");
  try {
    yield* stream as AsyncIterable<string>;
  } catch (error) {
    throw new Problem(`${file} cannot be read to its end: ${(error as Error).message}`, 2);
  }
}

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

/** The same pieces, and what the first of them says beforehand. */
export async function peeked(
  pieces: AsyncGenerator<string>,
): Promise<{ readonly start: string; readonly pieces: AsyncGenerator<string> }> {
  const first = await pieces.next();
  const start = first.done ? "" : first.value;
  const all = async function* () {
    yield start;
    yield* pieces;
  };
  return { start, pieces: all() };
}

export async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let held = "";
  for await (const piece of pieces) {
    const lines = `${held}${piece}`.split("\n");
    held = lines.pop() ?? "";
    yield* lines;
  }
  if (held !== "") yield held;
}

/**
 * Values at these places of JSON texts that follow one another, however they are separated; one at a time, however long the text.
 * @param paths as `$.Records.*`, or `$` for whole texts
 * @throws Problem when it is not JSON
 */
export async function* valuesOf(
  file: string,
  pieces: AsyncIterable<string>,
  paths: readonly string[],
): AsyncGenerator<{ readonly key: string; readonly value: unknown }> {
  const parser = new JSONParser({ paths: [...paths], separator: "", keepStack: false });
  let found: { key: string; value: unknown }[] = [];
  parser.onValue = ({ key, value }) => void found.push({ key: String(key), value });
  const wrong = () =>
    new Problem(`${file} is not JSON`, 2, "See `postern reconcile --help` for what each option takes.");
  for await (const piece of pieces) {
    try {
      parser.write(piece);
    } catch {
      throw wrong();
    }
    yield* found;
    found = [];
  }
  try {
    if (!parser.isEnded) parser.end();
  } catch {
    throw wrong();
  }
  yield* found;
}
