import type { Permit } from "#proxy/gate/permit.ts";

class Lookalike {
  #bytes: Uint8Array | null = null;
  spend(): Uint8Array {
    return this.#bytes ?? new Uint8Array();
  }
}

export const forged: Permit = new Lookalike();
