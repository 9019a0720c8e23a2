// Revoked identities in DynamoDB, one item for each. Every gateway reads all of them once a second: they are few, and a stream has no more than
// two readers.
import {
  type AttributeValue,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";
import { awsTimes } from "#functions/adapters/clients.ts";
import type { Revocation, RevocationReader } from "./revocations.ts";

/** An answer that takes longer says less than the next one. */
const TIMES = { attemptMs: 2000, attempts: 2 };

export function openDynamoRevocations(table: string): DynamoRevocations {
  return new DynamoRevocations(new DynamoDBClient(awsTimes(TIMES)), table);
}

export class DynamoRevocations implements RevocationReader {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async enter({ name, by, reason, at }: Revocation): Promise<void> {
    const Item = { name: { S: name }, by: { S: by }, reason: { S: reason }, at: { N: String(at) } };
    await this.#client.send(new PutItemCommand({ TableName: this.#table, Item }));
  }

  /** @returns false when the identity was not revoked */
  async lift(name: string): Promise<boolean> {
    const Key = { name: { S: name } };
    const gone = await this.#client.send(
      new DeleteItemCommand({ TableName: this.#table, Key, ReturnValues: "ALL_OLD" }),
    );
    return gone.Attributes !== undefined;
  }

  async all(): Promise<Revocation[]> {
    const found: Revocation[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.#client.send(
        new ScanCommand({
          TableName: this.#table,
          ConsistentRead: true,
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      );
      for (const { name, by, reason, at } of page.Items ?? [])
        if (name?.S !== undefined)
          found.push({ name: name.S, by: by?.S ?? "", reason: reason?.S ?? "", at: Number(at?.N ?? 0) });
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    return found.sort((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1));
  }

  close(): void {
    this.#client.destroy();
  }
}
