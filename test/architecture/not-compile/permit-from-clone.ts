import type { Permit } from "#proxy/gate/permit.ts";

export function clone(real: Permit): Permit {
  return { ...real, spend: () => real.spend() };
}
