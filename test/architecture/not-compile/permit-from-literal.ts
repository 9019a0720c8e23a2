import type { Permit } from "#proxy/gate/permit.ts";

export const forged: Permit = { spend: () => new Uint8Array() };
