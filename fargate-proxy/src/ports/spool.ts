/**
 * Where recordings wait, compressed, until they are large enough for an object: memory stays flat, and a process that dies leaves them.
 * Names are file names.
 */
export interface SpoolPort {
  /** Writes at `at`, which is the end of what was written before: an attempt that failed half way is written over. */
  append(name: string, bytes: Uint8Array, at: number): Promise<void>;
  /** Empty when there is none of this name. */
  read(name: string): Promise<Uint8Array>;
  remove(name: string): Promise<void>;
  list(): Promise<readonly string[]>;
}
