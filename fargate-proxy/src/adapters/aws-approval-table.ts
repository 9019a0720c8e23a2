// What gateways read of the table of approvals beyond its store: what has changed, what evidence does not have yet, and which of them writes that.
import {
  BatchGetItemCommand,
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { type Item, stateOf, unlessChecked } from "#functions/adapters/dynamo-approvals.ts";
import type { GlassState } from "#shared/approval/break-glass.ts";
import type { ApprovalNews, Incident } from "#shared/approval/store.ts";
import type { ApprovalState } from "#shared/approval/types.ts";
import type { ReviewState } from "#shared/review/types.ts";

/** The most that DynamoDB reads at once. */
const BATCH = 100;
/** What is final stays to be looked at for a quarter of a year. */
const KEPT_SECONDS = 90 * 24 * 3600;

/** A request that was written, and how long its history was then. */
export interface Written {
  readonly id: string;
  readonly length: number;
}

/** What evidence does not have yet. */
export interface Unrecorded {
  readonly key: string;
  /** How much of its history there is; 0 for an incident, which has none. */
  readonly length: number;
  /** @param from how much of its history evidence has */
  news(from: number): ApprovalNews;
  /** How much of it evidence has, as the index knows it. */
  readonly recorded: number;
  /** Nothing will become of it any more. */
  readonly final: boolean;
}

export class AwsApprovalTable {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** Requests that were written since, in no order and perhaps more than once. @param since milliseconds, by the clocks of those who write */
  async changed(since: number): Promise<Written[]> {
    const items = await this.#all({
      IndexName: "changed",
      KeyConditionExpression: "#changed = :request AND #written > :since",
      ExpressionAttributeNames: { "#changed": "changed", "#written": "written" },
      ExpressionAttributeValues: { ":request": { S: "request" }, ":since": { N: String(since) } },
    });
    return items.map((item) => ({ id: idOf(item), length: Number(item.length?.N) }));
  }

  /** As they are now. Those that DynamoDB does not give this time are left out. */
  async read(ids: readonly string[]): Promise<ApprovalState[]> {
    const states: ApprovalState[] = [];
    for (let at = 0; at < ids.length; at += BATCH) {
      const Keys = ids.slice(at, at + BATCH).map((id) => ({ key: { S: `request#${id}` } }));
      const RequestItems = { [this.#table]: { Keys, ConsistentRead: true } };
      const { Responses } = await this.#client.send(new BatchGetItemCommand({ RequestItems }));
      for (const item of Responses?.[this.#table] ?? []) {
        const state = stateOf<ApprovalState>(item);
        if (state !== null) states.push(state);
      }
    }
    return states;
  }

  /** At most a hundred, oldest first. The index may show what has been recorded a moment ago. */
  async unrecorded(): Promise<Unrecorded[]> {
    const { Items = [] } = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: "news",
        KeyConditionExpression: "#news = :news",
        ExpressionAttributeNames: { "#news": "news" },
        ExpressionAttributeValues: { ":news": { S: "news" } },
        Limit: BATCH,
      }),
    );
    return Items.flatMap(unrecordedOf);
  }

  /**
   * Evidence has so much of it. What came meanwhile stays news. What is final may be forgotten after a while: its evidence is kept.
   * @param now milliseconds since the epoch
   */
  async recorded({ key, length, final }: Unrecorded, now: number): Promise<void> {
    const mark = (update: string, condition: string, values: Record<string, { N: string }>) =>
      unlessChecked(() =>
        this.#client.send(
          new UpdateItemCommand({
            TableName: this.#table,
            Key: { key: { S: key } },
            UpdateExpression: update,
            ConditionExpression: condition,
            ExpressionAttributeNames: {
              "#news": "news",
              ...(length === 0 ? {} : { "#length": "length" }),
              ...(update.includes("#expires") ? { "#expires": "expires" } : {}),
            },
            ...(length === 0 ? {} : { ExpressionAttributeValues: values }),
          }),
        ),
      );
    const known = { ":length": { N: String(length) } };
    const expires = { ":expires": { N: String(Math.ceil(now / 1000) + KEPT_SECONDS) } };
    if (length === 0) await mark("REMOVE #news", "attribute_exists(#news)", {});
    else if (
      final &&
      (await mark("SET recorded = :length, #expires = :expires REMOVE #news", "#length = :length", {
        ...known,
        ...expires,
      }))
    )
      return;
    else if (!(await mark("SET recorded = :length REMOVE #news", "#length = :length", known)))
      await mark("SET recorded = :length", "#length > :length AND attribute_exists(#news)", known);
  }

  /** Takes or keeps the one lease of the gateways, for so long. @param until milliseconds. @returns false while another has it */
  async lease(holder: string, now: number, until: number): Promise<boolean> {
    return unlessChecked(() =>
      this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: { key: { S: "recorder" } },
          UpdateExpression: "SET #holder = :holder, #until = :until",
          ConditionExpression: "attribute_not_exists(#holder) OR #holder = :holder OR #until < :now",
          ExpressionAttributeNames: { "#holder": "holder", "#until": "until" },
          ExpressionAttributeValues: {
            ":holder": { S: holder },
            ":until": { N: String(until) },
            ":now": { N: String(now) },
          },
        }),
      ),
    );
  }

  async #all(query: Omit<QueryCommandInput, "TableName">): Promise<Item[]> {
    const items: Item[] = [];
    let from: Item | undefined;
    do {
      const start = from === undefined ? {} : { ExclusiveStartKey: from };
      const found = await this.#client.send(new QueryCommand({ TableName: this.#table, ...query, ...start }));
      items.push(...(found.Items ?? []));
      from = found.LastEvaluatedKey;
    } while (from !== undefined);
    return items;
  }
}

function idOf(item: Item): string {
  return (item.key?.S ?? "").replace("request#", "");
}

function unrecordedOf(item: Item): Unrecorded[] {
  const key = item.key?.S ?? "";
  const common = { key, length: Number(item.length?.N ?? 0), recorded: Number(item.recorded?.N ?? 0) };
  const kept = stateOf<ApprovalState | GlassState | ReviewState | Incident>(item);
  if (kept === null) return [];
  if (!("history" in kept)) return [{ ...common, final: false, news: () => ({ type: "incident", incident: kept }) }];
  return [{ ...common, final: isFinal(kept), news: (from) => newsOf(kept, from) }];
}

/** A review that somebody gave stays: whoever asks for it later finds it here, and the workflow opens none of its period again. */
function isFinal(kept: ApprovalState | GlassState | ReviewState): boolean {
  if ("request" in kept) return kept.status !== "open" && kept.status !== "approved";
  return "glass" in kept && kept.history.some((change) => change.type === "reviewed");
}

function newsOf(kept: ApprovalState | GlassState | ReviewState, from: number): ApprovalNews {
  if ("request" in kept) return { type: "request", state: kept, changes: kept.history.slice(from) };
  if ("glass" in kept) return { type: "break-glass", state: kept, changes: kept.history.slice(from) };
  return { type: "review", state: kept, changes: kept.history.slice(from) };
}
