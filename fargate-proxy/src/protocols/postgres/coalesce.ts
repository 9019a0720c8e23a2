// Neighbouring slices of one received chunk leave as one write again.

/** Gathers slices; those that lie side by side in memory are joined without copying. */
export class Gather {
  #pending: Uint8Array | null = null;
  readonly #write: (bytes: Uint8Array) => void;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  add(bytes: Uint8Array): void {
    const before = this.#pending;
    if (before === null) this.#pending = bytes;
    else if (before.buffer === bytes.buffer && before.byteOffset + before.length === bytes.byteOffset)
      this.#pending = new Uint8Array(before.buffer, before.byteOffset, before.length + bytes.length);
    else {
      this.#write(before);
      this.#pending = bytes;
    }
  }

  flush(): void {
    const pending = this.#pending;
    if (pending === null) return;
    this.#pending = null;
    this.#write(pending);
  }
}
