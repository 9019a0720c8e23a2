// Ports that die at their n-th operation: before it had an effect, or right after, so that nobody hears that it had.

export class Crash extends Error {}

export interface Fate {
  /** Operations that are left; the one after them is the last. */
  left: number;
  /** The last operation has its effect. */
  readonly after: boolean;
  dead: boolean;
}

export const immortal = (): Fate => ({ left: Number.POSITIVE_INFINITY, after: false, dead: false });

/**
 * The port, with every method counted. A dead one has no effect any more.
 * @param spared methods that give no promise, or change nothing
 */
export function mortal<T extends object>(port: T, fate: Fate, spared: readonly (keyof T)[] = []): T {
  return new Proxy(port, {
    get: (target, name) => {
      const method = Reflect.get(target, name, target);
      if (typeof method !== "function") return method;
      if (spared.includes(name as keyof T)) return method.bind(target);
      return (...args: unknown[]) => {
        if (fate.dead) return Promise.reject(new Crash());
        fate.left -= 1;
        fate.dead = fate.left < 0;
        if (!fate.dead) return method.apply(target, args);
        if (!fate.after) return Promise.reject(new Crash());
        return Promise.resolve(method.apply(target, args)).then(() => Promise.reject(new Crash()));
      };
    },
  });
}
