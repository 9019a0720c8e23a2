// What every function does before and after its work: check the event's shape, and fail without saying anything of its content.
import middy from "@middy/core";
import type { z } from "zod";

/** Calls a function: by Lambda, or in process by the local home. Rejects with a FunctionFailure. */
export type Invoke<R> = (event: unknown, context?: object) => Promise<R>;

/** Why a call failed, in words that hold no data: it crosses the wire to the caller, and stands in logs. */
export class FunctionFailure extends Error {
  override readonly name: "InvalidEvent" | "NotReady" | "Failed";
  constructor(name: FunctionFailure["name"], message: string) {
    super(message);
    this.name = name;
  }
}

/**
 * Makes a Lambda handler.
 * @param name of the function, for its log
 * @param schema the event's shape; a mismatch is an InvalidEvent that names paths, and no values
 */
export function lambda<E, R>(name: string, schema: z.ZodType<E>, run: (event: E) => Promise<R>): Invoke<R> {
  const handler = middy<E, R>()
    .before((request) => {
      const parsed = schema.safeParse(request.event);
      if (!parsed.success) throw new FunctionFailure("InvalidEvent", `not as expected: ${paths(parsed.error)}`);
      request.event = parsed.data;
    })
    .onError((request) => {
      const failure = asFailure(request.error);
      // Only our own words: an error that others made may quote what it was given.
      console.error(JSON.stringify({ level: "error", function: name, error: failure.name, message: failure.message }));
      throw failure;
    })
    .handler((event: E) => run(event));
  return (event, context = {}) => handler(event as E, context as never) as Promise<R>;
}

/** Says what could not be done and will be tried again. @param what its name: of a key or a task */
export function putAside(name: string, what: string, error: unknown): void {
  console.warn(JSON.stringify({ level: "warn", function: name, failed: what, error: (error as Error).name }));
}

/** What `prepare` gives, made at the first call; when it fails, it is tried again at the next. */
export function once<T>(prepare: () => Promise<T>): () => Promise<T> {
  let ready: Promise<T> | null = null;
  return () => {
    ready ??= prepare().catch((error: unknown) => {
      ready = null;
      throw error;
    });
    return ready;
  };
}

function asFailure(error: unknown): FunctionFailure {
  return error instanceof FunctionFailure ? error : new FunctionFailure("Failed", "the function failed");
}

function paths(error: z.ZodError): string {
  return [...new Set(error.issues.map((issue) => issue.path.map(String).join(".") || "event"))].slice(0, 10).join(", ");
}
