// Records of a database activity stream: decrypted already, or as Kinesis (`aws kinesis get-records`) and Firehose have them.
import { type OpenActivity, openActivityWith, type SealedActivity } from "#proxy/adapters/aws-activity-stream.ts";
import { eventsOf, fromStream, type StreamCounts, type StreamObject } from "#shared/reconcile/activity-stream.ts";
import type { Logged } from "#shared/reconcile/logged.ts";
import { Problem } from "../problem.ts";
import { filesOf, piecesOf, valuesOf } from "./files.ts";

/** @param resource of the stream, for records that are encrypted */
export async function* streamed(
  named: readonly string[],
  resource: string | undefined,
  counts: StreamCounts,
): AsyncGenerator<Logged> {
  if (resource !== undefined && !/^(?:cluster|db)-[A-Z0-9]+$/.test(resource))
    throw new Problem(
      `${resource} is not the id of a cluster or an instance`,
      2,
      "It is cluster-... or db-..., as in the name of the stream.",
    );
  const open = resource === undefined ? null : openActivityWith(resource);
  for await (const file of filesOf(named))
    for await (const { value } of valuesOf(file, piecesOf(file), ["$"]))
      for await (const event of opened(file, value as StreamObject, open)) {
        const logged = fromStream(event, counts);
        if (logged !== null) yield logged;
      }
}

async function* opened(file: string, object: StreamObject, open: OpenActivity | null): AsyncGenerator<unknown> {
  if (Array.isArray(object.Records)) {
    for (const { Data } of object.Records as readonly { readonly Data?: unknown }[])
      yield* opened(file, parsed(file, Buffer.from(String(Data), "base64").toString()), open);
  } else if (typeof object.databaseActivityEvents === "string") {
    if (open === null)
      throw new Problem(
        `${file} has encrypted records`,
        2,
        "Name whose stream it is (--resource cluster-...), with permission to decrypt with its KMS key.",
      );
    const text = await open(object as SealedActivity).catch((error: Error) => {
      throw new Problem(`a record of ${file} cannot be opened: ${error.message}`, 1);
    });
    yield* eventsOf(parsed(file, text));
  } else yield* eventsOf(object);
}

/** Without the parser's own words, which quote what it read. */
function parsed(file: string, text: string): StreamObject {
  try {
    return JSON.parse(text) as StreamObject;
  } catch {
    throw new Problem(`${file} has a record that is not JSON`, 2);
  }
}
