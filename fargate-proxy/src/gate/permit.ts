// A Permit is the only thing that moves bytes to a target. It holds the very bytes that were judged, and can be spent once.

const mint = Symbol("mint");

export class Permit {
  // A private name makes the type nominal: no object literal, no cast-free look-alike is a Permit.
  #bytes: Uint8Array | null;

  constructor(key: typeof mint, bytes: Uint8Array) {
    if (key !== mint) throw new TypeError("only the gate makes permits");
    this.#bytes = bytes;
  }

  /** Hands out the bytes, once. @throws when spent before. */
  spend(): Uint8Array {
    const bytes = this.#bytes;
    if (bytes === null) throw new Error("permit already spent");
    this.#bytes = null;
    return bytes;
  }
}

/** For gate.ts alone; a dependency rule and a test keep it so. */
export function mintPermit(bytes: Uint8Array): Permit {
  return new Permit(mint, bytes);
}
