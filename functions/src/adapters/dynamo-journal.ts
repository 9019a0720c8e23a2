// The journal in DynamoDB. A task's items are numbered without holes, and each is written on the condition that its number is free. So whoever
// takes a task over puts an item of its own behind the last one, a fence: the earlier writer finds the only number it could use taken, for good.
//
// What became of a write is not always known. It is tried again under the same number until something is there: then it is ours, or a fence.
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import {
  type AttributeValue,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from "@aws-sdk/client-dynamodb";
import type { JournalBatch, JournalPort } from "#shared/evidence/ports.ts";

export interface DynamoJournalParts {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** Whose journal it is: the id of a task. */
  readonly task: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Somebody else has taken the task over: nothing can be written any more. */
export class JournalTaken extends Error {
  readonly code = "JournalTaken";
}

type Item = Record<string, AttributeValue>;

/** An item may have 400 KB, with the names of its attributes. */
const PART_BYTES = 380_000;
/** Smaller batches cost one write unit either way. */
const PACKED_FROM = 1024;
/** A writer that was fenced is not held up for longer than this. */
const FENCE_DAYS = 30;
const DELETED_AT_ONCE = 25;
const BUSY_MS = 100;
const FENCING_ATTEMPTS = 50;

const pack = promisify(zstdCompress);
const unpack = promisify(zstdDecompress);

/** Takes the task over: when this has resolved, no earlier writer of it can write. @throws when the table cannot be used */
export async function openDynamoJournal(parts: DynamoJournalParts): Promise<JournalPort> {
  const writer = randomUUID();
  for (let attempt = 0; attempt < FENCING_ATTEMPTS; attempt++) {
    const fence = (await newest(parts)) + 1;
    const expires = String(Math.ceil(parts.now() / 1000) + FENCE_DAYS * 86_400);
    const placed = await putFree(parts, fence, {
      writer: { S: writer },
      fence: { BOOL: true },
      expires: { N: expires },
    });
    // A writer's last item always stays. So if none is behind the fence, no writer has passed it.
    if (placed && (await newest(parts)) === fence) return new DynamoJournal(parts, writer, fence);
  }
  throw new JournalTaken(`another process writes the journal of ${parts.task}`);
}

class DynamoJournal implements JournalPort {
  readonly #parts: DynamoJournalParts;
  readonly #writer: string;
  readonly #fence: number;
  #next: number;
  /** How many items a unit has, where it is more than one. */
  readonly #sizes = new Map<number, number>();
  /** Why nothing is written any more. */
  #over: string | null = null;

  constructor(parts: DynamoJournalParts, writer: string, fence: number) {
    this.#parts = parts;
    this.#writer = writer;
    this.#fence = fence;
    this.#next = fence + 1;
  }

  /** What is larger than an item becomes several in a row; they count when all of them are there. */
  async write(batch: Uint8Array): Promise<number> {
    if (this.#over !== null) throw new JournalTaken(this.#over);
    const packed = batch.length < PACKED_FROM ? batch : await pack(batch);
    const count = Math.max(1, Math.ceil(packed.length / PART_BYTES));
    for (let first = this.#next, part = 0; ; ) {
      const bytes = packed.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
      const item: Item = { bytes: { B: bytes }, first: { N: String(first) }, parts: { N: String(count) } };
      if (packed !== batch) item.packed = { BOOL: true };
      if (await this.#holds(first + part, item)) part += 1;
      else {
        // An earlier batch that was given up got there after all: this one begins behind it.
        first += part + 1;
        part = 0;
      }
      if (part < count) continue;
      this.#next = first + count;
      if (count > 1) this.#sizes.set(first, count);
      return first;
    }
  }

  async release(unit: number): Promise<void> {
    const size = this.#sizes.get(unit) ?? 1;
    this.#sizes.delete(unit);
    await this.#delete(Array.from({ length: size }, (_, part) => unit + part));
  }

  async *read(): AsyncGenerator<JournalBatch> {
    let parts: Item[] = [];
    for await (const item of this.#left()) {
      // Parts of a batch that was never whole, or is being released, are passed over.
      if (number(item.sequence) === number(item.first)) parts = [];
      parts.push(item);
      const whole =
        parts.length === number(item.parts) && number(item.sequence) === number(item.first) + parts.length - 1;
      if (!whole) continue;
      const bytes = Buffer.concat(parts.map(({ bytes }) => bytes?.B ?? new Uint8Array(0)));
      yield { unit: number(item.first), bytes: item.packed?.BOOL === true ? await unpack(bytes) : bytes };
      parts = [];
    }
  }

  async forget(): Promise<void> {
    const sequences: number[] = [];
    for await (const { sequence } of this.#left("sequence")) sequences.push(number(sequence));
    await this.#delete(sequences);
  }

  close(): Promise<void> {
    this.#over ??= "the journal is closed";
    return Promise.resolve();
  }

  /** @returns false when another batch of ours is there. @throws JournalTaken, or the SDK's error when nothing is known */
  async #holds(sequence: number, item: Item): Promise<boolean> {
    if (await putFree(this.#parts, sequence, { writer: { S: this.#writer }, ...item })) return true;
    const { client, table: TableName, task } = this.#parts;
    const Key = keyOf(task, sequence);
    const { Item: there } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
    if (there?.writer?.S !== this.#writer) {
      this.#over = `another process has taken over the journal of ${task}`;
      throw new JournalTaken(this.#over);
    }
    return isSame(there, item);
  }

  /** What is before the fence, but for earlier fences: they still hold up whom they held up. */
  async *#left(only?: string): AsyncGenerator<Item> {
    const input: QueryCommandInput = {
      ...ofTask(this.#parts),
      KeyConditionExpression: "task = :task AND #sequence < :fence",
      FilterExpression: "attribute_not_exists(fence)",
      ...(only === undefined ? {} : { ProjectionExpression: "#sequence" }),
      ExpressionAttributeNames: { "#sequence": "sequence" },
      ExpressionAttributeValues: { ":task": { S: this.#parts.task }, ":fence": { N: String(this.#fence) } },
    };
    let from: Item | undefined;
    do {
      const start = from === undefined ? {} : { ExclusiveStartKey: from };
      const page = await this.#parts.client.send(new QueryCommand({ ...input, ...start }));
      yield* page.Items ?? [];
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
  }

  async #delete(sequences: readonly number[]): Promise<void> {
    const { client, table, task } = this.#parts;
    let left = sequences.map((sequence) => ({ DeleteRequest: { Key: keyOf(task, sequence) } }));
    while (left.length > 0) {
      const some = left.splice(0, DELETED_AT_ONCE);
      const done = await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: some } }));
      const undone = (done.UnprocessedItems?.[table] ?? []) as typeof left;
      if (undone.length > 0) await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
      left = [...undone, ...left];
    }
  }
}

/** @returns false when the number is taken */
async function putFree({ client, table, task }: DynamoJournalParts, sequence: number, item: Item): Promise<boolean> {
  try {
    await client.send(
      new PutItemCommand({
        TableName: table,
        Item: { ...keyOf(task, sequence), ...item },
        ConditionExpression: "attribute_not_exists(task)",
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** @returns the highest number of the task's items; 0 when there are none */
async function newest(parts: DynamoJournalParts): Promise<number> {
  const { Items: [item] = [] } = await parts.client.send(
    new QueryCommand({
      ...ofTask(parts),
      KeyConditionExpression: "task = :task",
      ExpressionAttributeValues: { ":task": { S: parts.task } },
      ScanIndexForward: false,
      Limit: 1,
    }),
  );
  return item === undefined ? 0 : number(item.sequence);
}

const ofTask = ({ table }: DynamoJournalParts) => ({ TableName: table, ConsistentRead: true });
const keyOf = (task: string, sequence: number): Item => ({ task: { S: task }, sequence: { N: String(sequence) } });
const number = (value: AttributeValue | undefined): number => Number(value?.N);

function isSame(there: Item, item: Item): boolean {
  const same = (name: string) => there[name]?.N === item[name]?.N;
  return (
    same("first") &&
    same("parts") &&
    Buffer.compare(there.bytes?.B ?? Buffer.alloc(0), item.bytes?.B ?? Buffer.alloc(0)) === 0
  );
}
