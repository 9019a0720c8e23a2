import type { Permit } from "#proxy/gate/permit.ts";

// A type-only import is all that the import rules leave to the rest of the code: it makes no value.
declare const key: never;
export const forged = new Permit(key, new Uint8Array());
