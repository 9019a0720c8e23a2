// The ledger's sequence in DynamoDB. One transaction gives places to some objects: it counts on, on the condition that nobody else did, keeps who got
// which, and marks each object as placed, on the condition that it was not. So it happens once and as a whole, whoever else tries.
import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import type { LedgerSequence } from "#shared/evidence/ledger-sequence.ts";
import type { ObjectRecord } from "#shared/evidence/segment.ts";

type Item = Record<string, AttributeValue>;

/** A transaction has 100 writes at most: two are the count and the batch. */
const OBJECTS = 98;
const ATTEMPTS = 50;
const BUSY_MS = 20;
const DELETED_AT_ONCE = 25;
const TAKEN = "ConditionalCheckFailed";

export class DynamoSequence implements LedgerSequence {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async next(): Promise<number> {
    const found = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: itemKey("next", 0), ConsistentRead: true }),
    );
    return Number(found.Item?.size?.N ?? 0);
  }

  async assign(records: readonly ObjectRecord[]): Promise<void> {
    const fresh = [...new Map(records.map((record) => [record.key, record])).values()];
    for (let from = 0; from < fresh.length; from += OBJECTS) await this.#assign(fresh.slice(from, from + OBJECTS));
  }

  async from(size: number, most: number): Promise<readonly ObjectRecord[] | null> {
    // Before the batches: what was given by then and is not among them is forgotten.
    const given = await this.next();
    const records: ObjectRecord[] = [];
    for await (const batch of this.#batches("sort >= :from", size)) {
      if (Number(batch.sort?.N) !== size + records.length) return null;
      records.push(...(JSON.parse(batch.records?.S ?? "[]") as ObjectRecord[]));
      if (records.length >= most) break;
    }
    return records.length === 0 && given > size ? null : records;
  }

  async forget(size: number): Promise<void> {
    const keys: Item[] = [];
    for await (const { key, sort } of this.#batches("sort < :from", size))
      if (key !== undefined && sort !== undefined) keys.push({ key, sort });
    for (let from = 0; from < keys.length; from += DELETED_AT_ONCE) {
      const some = keys.slice(from, from + DELETED_AT_ONCE);
      // What is left undone is asked for again the next time.
      await this.#client.send(
        new BatchWriteItemCommand({
          RequestItems: { [this.#table]: some.map((Key) => ({ DeleteRequest: { Key } })) },
        }),
      );
    }
  }

  /** An attempt whose answer was lost finds its own objects placed. */
  async #assign(records: readonly ObjectRecord[]): Promise<void> {
    let left = records;
    for (let attempt = 0; left.length > 0; attempt++) {
      try {
        await this.#place(left, await this.next());
        return;
      } catch (error) {
        if (!(error instanceof TransactionCanceledException) || attempt === ATTEMPTS) throw error;
        const reasons = error.CancellationReasons ?? [];
        left = left.filter((_, i) => reasons[i + 2]?.Code !== TAKEN);
        await new Promise((resolve) => setTimeout(resolve, BUSY_MS * Math.random() * Math.min(attempt, 20)));
      }
    }
  }

  async #place(records: readonly ObjectRecord[], size: number): Promise<void> {
    const TableName = this.#table;
    const names = { "#size": "size" };
    const values = { ":size": number(size), ":next": number(size + records.length) };
    const batch = { ...itemKey("batch", size), records: { S: JSON.stringify(records) } };
    const isNew = "attribute_not_exists(sort)";
    await this.#client.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          {
            Update: {
              TableName,
              Key: itemKey("next", 0),
              UpdateExpression: "SET #size = :next",
              ConditionExpression: size === 0 ? `${isNew} OR #size = :size` : "#size = :size",
              ExpressionAttributeNames: names,
              ExpressionAttributeValues: values,
            },
          },
          { Put: { TableName, Item: batch } },
          ...records.map((record, i) => ({
            Put: {
              TableName,
              Item: { ...itemKey(`object#${record.key}`, 0), place: number(size + i) },
              ConditionExpression: isNew,
            },
          })),
        ],
      }),
    );
  }

  async *#batches(condition: string, size: number): AsyncGenerator<Item> {
    for (let start: Item | undefined; ; ) {
      const page = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          KeyConditionExpression: `#key = :batch AND ${condition}`,
          ExpressionAttributeNames: { "#key": "key" },
          ExpressionAttributeValues: { ":batch": { S: "batch" }, ":from": number(size) },
          ConsistentRead: true,
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      );
      yield* page.Items ?? [];
      start = page.LastEvaluatedKey;
      if (start === undefined) return;
    }
  }
}

function itemKey(key: string, sort: number): Item {
  return { key: { S: key }, sort: number(sort) };
}

function number(value: number): AttributeValue {
  return { N: String(value) };
}
