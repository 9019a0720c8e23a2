import type { Permit } from "#proxy/gate/permit.ts";

// Compiles: the files beside this one fail because of what they do, not because of how they are compiled.
export function spend(permit: Permit): Uint8Array {
  return permit.spend();
}
