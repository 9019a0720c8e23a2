// How long AWS is waited for. Without these a connection that hangs is waited for without end.

/** Milliseconds that one attempt may take; the SDK makes up to `attempts`, and waits a little longer before each. */
export interface Times {
  readonly attemptMs: number;
  readonly attempts: number;
}

/** Options that every client of the SDK takes. */
export function awsTimes({ attemptMs, attempts }: Times) {
  return {
    maxAttempts: attempts,
    requestHandler: {
      connectionTimeout: Math.min(attemptMs, 2000),
      requestTimeout: attemptMs,
      socketTimeout: attemptMs,
      throwOnRequestTimeout: true,
    },
  };
}
