// Original against delivered: is what the client was sent what masking the original by its plan gives?
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openLocalDoor } from "#proxy/adapters/local-door.ts";
import { allLocalKeys } from "#proxy/adapters/local-hmac-keys.ts";
import { loadPolicyFolder } from "#proxy/adapters/policy-folder.ts";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import type { Delivery } from "#shared/evidence/originals.ts";
import type { Facts } from "#shared/facts.ts";
import { copyMask } from "#shared/masking/copy.ts";
import { type MaskEnvironment, rowMask } from "#shared/masking/rows.ts";
import type { ByteSink, CopyMask, RowMask } from "#shared/masking/types.ts";
import { stateDirectory } from "../settings.ts";

export type OfResult = Exclude<Delivery, { kind: "message" }>;

export interface Cell {
  readonly column: string;
  /** Null for a column that is shown. */
  readonly mask: string | null;
  readonly original: string | null;
  readonly delivered: string | null;
}

/** `proven`: the bytes are those that the mask makes. `shown`: what is not hidden is the same, the rest could not be made again. */
export type Verdict = "proven" | "shown" | "inspected" | "differs" | "not delivered";

export interface Found {
  rows: number;
  differing: number;
  /** Of `rows`: masks could not be laid over them again, or not in full. */
  unproven: number;
}

/** Masks as the gateway did; or says why that cannot be done here. */
export type Again = (frame: Uint8Array) => Buffer;
export interface Masking {
  again(delivery: OfResult): Again | string;
  /** Free text was looked at by a service, too, whose answers are not kept. */
  readonly inspected: boolean;
}

class Sink implements ByteSink {
  #bytes = new Uint8Array(1024);
  length = 0;

  reserve(bytes: number): Uint8Array {
    if (this.#bytes.length - this.length < bytes) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + bytes));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return this.#bytes;
  }

  advance(bytes: number): void {
    this.length += bytes;
  }

  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.length));
    this.length = 0;
    return taken;
  }
}

/** Masks need the gateway's configuration, the catalog's snapshot and the keys of pseudonyms, as the state directory of a home has them. */
export async function openMasking(target: string): Promise<Masking> {
  const state = stateDirectory();
  const snapshotFile = join(state, "catalog", `${target}.json`);
  if (![join(state, "proxy.json"), snapshotFile].every((file) => existsSync(file)))
    return { inspected: false, again: () => "the gateway's configuration and catalog are not here" };
  const door = openLocalDoor(state);
  const { config } = door;
  door.close();
  const bundle = await loadPolicyFolder(config.policy, config.targets);
  const snapshot = JSON.parse(readFileSync(snapshotFile, "utf8")) as CatalogSnapshot;
  const records = bundle.catalog.recordFormats(target);
  return {
    inspected: config.comprehendMedical?.targets.includes(target) === true,
    again(delivery) {
      try {
        const key = allLocalKeys(join(state, "keys"), "pseudonym").find(
          ({ version }) => version === delivery.pseudonymKey,
        );
        if (key === undefined) return "the key of its pseudonyms is not here";
        const { hmac } = key;
        const mask = maskOf(delivery, { snapshot, target, hmac, records, now: delivery.now });
        if ("mismatch" in mask) return mask.mismatch;
        const sink = new Sink();
        return (frame) => {
          mask.row(frame, sink);
          return sink.take();
        };
      } catch (error) {
        return `the key of its pseudonyms cannot be read (${(error as NodeJS.ErrnoException).code ?? "error"})`;
      }
    },
  };
}

function maskOf(delivery: OfResult, env: MaskEnvironment): RowMask | CopyMask | { readonly mismatch: string } {
  const plan = { type: "columns", columns: delivery.plan } as const;
  if (delivery.kind === "rows") return rowMask(plan, delivery.shape, env);
  const { copy, outputs, shape } = delivery;
  const facts = { outputs } as Facts;
  return copyMask(plan, { facts, effects: [], ...(copy === null ? {} : { copy }) }, shape, env);
}
