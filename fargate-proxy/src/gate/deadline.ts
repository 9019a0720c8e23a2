// Nothing that a session waits for may keep it for ever: a client that has gone is not noticed while it waits.

/** @returns what the promise gives, or rejects after `ms` milliseconds; then what it gives later is thrown away */
export function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer in time")), ms);
    timer.unref();
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

const AGAIN_MS = 200;

/** What `call` gives at last: one that fails is made again, up to `tries` times. For calls that do no harm when they are made twice. */
export async function patiently<T>(tries: number, ms: number, call: () => Promise<T>): Promise<T> {
  for (let left = tries - 1; ; left--) {
    try {
      return await within(ms, call());
    } catch (error) {
      if (left <= 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
