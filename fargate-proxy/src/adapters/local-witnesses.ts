// Has witnesses cosign the ledger of this home, every few seconds while it grows, and once more at the end. Nothing waits for them.
import { join } from "node:path";
import { askWitness } from "#functions/adapters/witness-http.ts";
import { cosignHead, sayRefused } from "#shared/evidence/cosign.ts";
import { COSIGNED_KEY } from "#shared/evidence/ledger.ts";
import type { HeadPort } from "#shared/evidence/ledger-sequence.ts";
import type { WitnessPolicy } from "#shared/evidence/witness-policy.ts";
import type { RunningWitnesses } from "./home.ts";
import { readVerifierKey } from "./local-signer.ts";
import { LocalStore } from "./local-store.ts";
import { nodeSha256, nodeVerifyEd25519 } from "./node-crypto.ts";

export interface LocalWitnessesOptions {
  /** The state directory; its ledger has a writer. */
  readonly state: string;
  readonly policy: WitnessPolicy;
  /** What is not as it should be, or is again: names of witnesses, and words. */
  onProblem(message: string): void;
  readonly everyMs?: number;
}

const EVERY_MS = 5000;
const LAST_MS = 6000;

export async function runLocalWitnesses(options: LocalWitnessesOptions): Promise<RunningWitnesses> {
  const { state, policy, onProblem, everyMs = EVERY_MS } = options;
  const reader = LocalStore.beside(join(state, "evidence"));
  const verifierKey = await readVerifierKey(join(state, "keys"));
  const tools = { sha256: nodeSha256, verifyEd25519: nodeVerifyEd25519 };
  const parts = { reader, cosigned: cosignedIn(reader), verifierKey, policy, ask: askWitness, ...tools };
  let uncosigned = 0;
  let said = "";
  const round = async () => {
    const trouble = await cosignHead(parts).then(
      ({ head, cosigned, refused }) => {
        uncosigned = head - cosigned;
        return sayRefused(refused);
      },
      (error: Error) => `the head could not be submitted (${error.name})`,
    );
    if (trouble !== said) onProblem(trouble === "" ? "witnesses cosign again" : trouble);
    said = trouble;
  };
  let running: Promise<void> | null = null;
  const timer = setInterval(() => {
    running ??= round().finally(() => {
      running = null;
    });
  }, everyMs);
  timer.unref();
  return {
    get uncosigned() {
      return uncosigned;
    },
    async close() {
      clearInterval(timer);
      const last = (running ?? Promise.resolve()).then(round);
      await Promise.race([last, new Promise((resolve) => setTimeout(resolve, LAST_MS).unref())]);
    },
  };
}

/** One process writes it. */
function cosignedIn(store: LocalStore): HeadPort {
  return {
    async read() {
      const note = await store.get(COSIGNED_KEY);
      return note === null ? null : { note, tag: "" };
    },
    replace: (note) => store.replace(COSIGNED_KEY, note).then(() => true),
  };
}
