import { Permit } from "#proxy/gate/permit.ts";

export const forged = new Permit(Symbol("mint"), new Uint8Array());
