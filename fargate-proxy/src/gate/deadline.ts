// Nothing that a session waits for may keep it for ever: a client that has gone is not noticed while it waits.

/** @returns what the promise gives, or rejects after `ms` milliseconds; then what it gives later is thrown away */
export function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer in time")), ms);
    timer.unref();
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
