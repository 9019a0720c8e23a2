// Documents (json, jsonb) of which catalog.yaml classifies parts by their path: each part keeps its class's mask, what no path names goes with
// the rest. A document that cannot be taken apart is hidden whole.
import { bytesOf, type CellMask, copyBytes, getInt32, type Rewrite, rewriting } from "./cell.ts";
import type { LeafPlan, PathsPlan } from "./types.ts";

/** A key, or null for every element of an array. */
export type JsonPath = readonly (string | null)[];

/** `$.holder.name`, `$.lines[*].code`, `$."odd key"`. @returns null for what is no such path */
export function parsePath(text: string): JsonPath | null {
  const steps: (string | null)[] = [];
  const step = /\.([A-Za-z_][A-Za-z0-9_]*)|\."((?:[^"\\]|\\["\\])+)"|(\[\*\])/y;
  step.lastIndex = 1;
  if (!text.startsWith("$")) return null;
  while (step.lastIndex < text.length) {
    const found = step.exec(text);
    if (found === null) return null;
    steps.push(found[3] !== undefined ? null : (found[1] ?? found[2]!.replace(/\\(.)/g, "$1")));
  }
  return steps.length === 0 ? null : steps;
}

/** What is said of a part, and of the parts of it. */
interface Branch {
  leaf: LeafPlan | null;
  readonly keys: Map<string, Branch>;
  every: Branch | null;
}

const branch = (): Branch => ({ leaf: null, keys: new Map(), every: null });

function treeOf(plan: PathsPlan): Branch {
  const root = branch();
  for (const { path, leaf } of plan.parts) {
    let at = root;
    for (const step of path) {
      let next = step === null ? at.every : at.keys.get(step);
      if (next === undefined || next === null) {
        next = branch();
        if (step === null) at.every = next;
        else at.keys.set(step, next);
      }
      at = next;
    }
    at.leaf = leaf;
  }
  return root;
}

/** How strings and numbers are masked; a mask that leaves nothing of one gives null. */
export interface LeafMasks {
  text(leaf: LeafPlan): CellMask;
  number(leaf: LeafPlan): CellMask;
}

/** Bytes of one document: a larger one would hold up the event loop. */
const LONGEST = 65_536;
const GROWTH = 3;
const ROOM = 24;
const HIDDEN = '"***"';

export function jsonMask(plan: PathsPlan, binary: boolean, masks: LeafMasks): CellMask {
  const part = new Parts(treeOf(plan), plan.rest, masks);
  const head = binary ? 1 : 0;
  const whole = bytesOf(HIDDEN);
  const rewrite: Rewrite = (from, start, end, to, at) => {
    // jsonb in binary is a version, 1, and the text.
    if (binary) to[at] = 1;
    const text = end - start > LONGEST || (binary && from[start] !== 1) ? null : part.rewrite(from, start + head, end);
    const shown = text === null ? whole : bytesOf(text);
    const fits = shown.length <= GROWTH * (end - start) + ROOM ? shown : whole;
    return copyBytes(fits, 0, fits.length, to, at + head);
  };
  return rewriting(rewrite, ROOM + 8, GROWTH);
}

/** Numbers as they are written: of JSON's the digits count, and a double has too few. */
const { rawJSON, isRawJSON } = JSON as unknown as {
  rawJSON(text: string): { readonly rawJSON: string };
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
};

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === "number" && context?.source !== undefined ? rawJSON(context.source) : value;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LEFT_OUT = Symbol("left out");

class Parts {
  readonly #root: Branch;
  readonly #rest: LeafPlan;
  readonly #masks: LeafMasks;
  readonly #made = new Map<LeafPlan, { text: CellMask; number: CellMask }>();

  constructor(root: Branch, rest: LeafPlan, masks: LeafMasks) {
    this.#root = root;
    this.#rest = rest;
    this.#masks = masks;
  }

  /** @returns null for what is no document, or one nested too deeply */
  rewrite(from: Uint8Array, start: number, end: number): string | null {
    try {
      const parsed: unknown = JSON.parse(utf8.decode(from.subarray(start, end)), keepDigits);
      return JSON.stringify(this.#masked(parsed, this.#root, this.#rest));
    } catch {
      return null;
    }
  }

  /** @param above what holds for a part of which nothing is said */
  #masked(node: unknown, said: Branch, above: LeafPlan): unknown {
    const leaf = said.leaf ?? above;
    if (Array.isArray(node) && said.every !== null) return node.map((item) => this.#masked(item, said.every!, leaf));
    if (isObject(node) && said.keys.size > 0) return this.#members(node, said, leaf);
    return leaf.mask === "clear" ? node : this.#hide(node, leaf);
  }

  /** Members that no path names are left out, unless they are shown: a key can be data, too. */
  #members(node: Readonly<Record<string, unknown>>, said: Branch, leaf: LeafPlan): unknown {
    const out: Record<string, unknown> = Object.create(null);
    for (const [key, value] of Object.entries(node)) {
      const branch = said.keys.get(key);
      const shown =
        branch === undefined ? (leaf.mask === "clear" ? value : LEFT_OUT) : this.#masked(value, branch, leaf);
      if (shown !== LEFT_OUT) out[key] = shown;
    }
    return out;
  }

  #hide(node: unknown, leaf: LeafPlan): unknown {
    if (node === null || leaf.mask === "null") return null;
    const masks = this.#made.get(leaf) ?? { text: this.#masks.text(leaf), number: this.#masks.number(leaf) };
    this.#made.set(leaf, masks);
    if (typeof node === "string") return through(masks.text, node);
    if (typeof node === "boolean") return null;
    if (!isRawJSON(node)) return "***";
    const number = through(masks.number, node.rawJSON);
    return number === null ? null : rawJSON(number);
  }
}

function isObject(node: unknown): node is Readonly<Record<string, unknown>> {
  return typeof node === "object" && node !== null && !Array.isArray(node) && !isRawJSON(node);
}

/** What a mask of cells makes of a text. */
function through(mask: CellMask, text: string): string | null {
  const value = bytesOf(text);
  const room = new Uint8Array(value.length * mask.factor + mask.extra);
  const end = mask.write(value, 0, value.length, room, 0);
  return getInt32(room, 0) < 0 ? null : utf8.decode(room.subarray(4, end));
}
