// What the provider remembers between requests of one sign-in: codes, interactions, sessions. Access tokens are JWTs and are not kept.
import type { Adapter, AdapterFactory, AdapterPayload } from "oidc-provider";

interface Entry {
  readonly payload: AdapterPayload;
  readonly until: number;
}

const SWEEP_AT = 1000;

export function createMemory(): AdapterFactory {
  const entries = new Map<string, Entry>();
  const sweep = () => {
    for (const [key, { until }] of entries) if (until < Date.now()) entries.delete(key);
  };
  return (model): Adapter => {
    const key = (id: string) => `${model}:${id}`;
    const find = (id: string) => {
      const entry = entries.get(key(id));
      return entry !== undefined && entry.until >= Date.now() ? entry.payload : undefined;
    };
    const findWhere = (property: "uid" | "userCode", value: string) => {
      for (const [name, entry] of entries)
        if (name.startsWith(`${model}:`) && entry.payload[property] === value && entry.until >= Date.now())
          return entry.payload;
      return undefined;
    };
    return {
      upsert: async (id, payload, expiresIn) => {
        if (entries.size >= SWEEP_AT) sweep();
        entries.set(key(id), { payload, until: Date.now() + (expiresIn ?? 3600) * 1000 });
      },
      find: async (id) => find(id),
      findByUid: async (uid) => findWhere("uid", uid),
      findByUserCode: async (userCode) => findWhere("userCode", userCode),
      consume: async (id) => {
        const payload = find(id);
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => void entries.delete(key(id)),
      revokeByGrantId: async (grantId) => {
        for (const [name, { payload }] of entries) if (payload.grantId === grantId) entries.delete(name);
      },
    };
  };
}
