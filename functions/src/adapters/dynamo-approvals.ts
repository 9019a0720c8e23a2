// Requests for approval in DynamoDB: one table, one item for each thing. Reads by id are consistent. The indexes follow a moment later, so what
// they do not show yet is asked for again, and nothing is let through that would not be. Every write says when it was made (`written`, for those
// who watch) and that it is `news`, until the evidence has it: the gateway's side of both is in aws-approval-table.ts.
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { GlassState } from "#shared/approval/break-glass.ts";
import type { ApprovalStore, Incident } from "#shared/approval/store.ts";
import type { ApprovalState } from "#shared/approval/types.ts";
import type { InForce, Push } from "#shared/policy/push/types.ts";
import { isAttested } from "#shared/review/machine.ts";
import type { ReviewState } from "#shared/review/types.ts";

export type Item = Record<string, AttributeValue>;

const MINUTE = 60_000;
const INCIDENT_DAYS = 90;
const PAGE = 100;
/** The one item that says which push is in force. */
const IN_FORCE = "policy";

export class DynamoApprovals implements ApprovalStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  create(state: ApprovalState): Promise<boolean> {
    return this.#putNew(requestItem(state));
  }

  async get(id: string): Promise<ApprovalState | null> {
    return stateOf<ApprovalState>(await this.#get(`request#${id}`));
  }

  replace(state: ApprovalState, known: number): Promise<boolean> {
    return this.#replace(requestItem(state), known, ["digest", "pending", "window"]);
  }

  async alive(digest: string): Promise<readonly ApprovalState[]> {
    return this.#query<ApprovalState>("digest", digest, "newest");
  }

  async withFacts(facts: string, limit: number): Promise<readonly ApprovalState[]> {
    return this.#query<ApprovalState>("facts", facts, "newest", limit);
  }

  async windows(facts: string): Promise<readonly ApprovalState[]> {
    return this.#query<ApprovalState>("window", facts, "newest");
  }

  async pending(): Promise<readonly ApprovalState[]> {
    return this.#query<ApprovalState>("pending", "request", "oldest");
  }

  async latest(limit: number): Promise<readonly ApprovalState[]> {
    return this.#query<ApprovalState>("shelf", "request", "newest", limit);
  }

  createGlass(state: GlassState): Promise<boolean> {
    return this.#putNew(glassItem(state));
  }

  async getGlass(id: string): Promise<GlassState | null> {
    return stateOf<GlassState>(await this.#get(`glass#${id}`));
  }

  replaceGlass(state: GlassState, known: number): Promise<boolean> {
    return this.#replace(glassItem(state), known, ["pending"]);
  }

  async unreviewed(): Promise<readonly GlassState[]> {
    return this.#query<GlassState>("pending", "glass", "oldest");
  }

  createReview(state: ReviewState): Promise<boolean> {
    return this.#putNew(reviewItem(state));
  }

  async getReview(id: string): Promise<ReviewState | null> {
    return stateOf<ReviewState>(await this.#get(`review#${id}`));
  }

  replaceReview(state: ReviewState, known: number): Promise<boolean> {
    return this.#replace(reviewItem(state), known, ["pending"]);
  }

  async unattested(): Promise<readonly ReviewState[]> {
    return this.#query<ReviewState>("pending", "review", "oldest");
  }

  async latestReviews(limit: number): Promise<readonly ReviewState[]> {
    return this.#query<ReviewState>("shelf", "review", "newest", limit);
  }

  createPush(push: Push): Promise<boolean> {
    return this.#putNew({
      key: { S: `push#${push.id}` },
      id: { S: push.id },
      state: { S: JSON.stringify(push) },
      shelf: { S: "push" },
      pending: { S: "push" },
    });
  }

  async getPush(id: string): Promise<Push | null> {
    return stateOf<Push>(await this.#get(`push#${id}`));
  }

  async waitingPushes(): Promise<readonly Push[]> {
    return this.#query<Push>("pending", "push", "oldest");
  }

  async latestPushes(limit: number): Promise<readonly Push[]> {
    return this.#query<Push>("shelf", "push", "newest", limit);
  }

  async endPush(id: string): Promise<void> {
    await unlessChecked(() =>
      this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: { key: { S: `push#${id}` } },
          UpdateExpression: "REMOVE #pending",
          ConditionExpression: "attribute_exists(#key)",
          ExpressionAttributeNames: { "#key": "key", "#pending": "pending" },
        }),
      ),
    );
  }

  async policyInForce(): Promise<InForce | null> {
    return stateOf<InForce>(await this.#get(IN_FORCE));
  }

  putInForce(next: InForce, known: string | null): Promise<boolean> {
    const TableName = this.#table;
    const Item = { key: { S: IN_FORCE }, push: { S: next.push }, state: { S: JSON.stringify(next) } };
    const others =
      known === null
        ? { ConditionExpression: "attribute_not_exists(#key)", ExpressionAttributeNames: { "#key": "key" } }
        : {
            ConditionExpression: "#push = :known",
            ExpressionAttributeNames: { "#push": "push" },
            ExpressionAttributeValues: { ":known": { S: known } },
          };
    const ends = {
      Key: { key: { S: `push#${next.push}` } },
      UpdateExpression: "REMOVE #pending",
      ConditionExpression: "attribute_exists(#pending)",
      ExpressionAttributeNames: { "#pending": "pending" },
    };
    return unlessChecked(() =>
      this.#client.send(
        new TransactWriteItemsCommand({
          TransactItems: [{ Put: { TableName, Item, ...others } }, { Update: { TableName, ...ends } }],
        }),
      ),
    );
  }

  async setTask(id: string, token: string): Promise<void> {
    await this.#client.send(
      new UpdateItemCommand({
        TableName: this.#table,
        Key: { key: { S: `request#${id}` } },
        UpdateExpression: "SET task = :token",
        ConditionExpression: "attribute_exists(#key)",
        ExpressionAttributeNames: { "#key": "key" },
        ExpressionAttributeValues: { ":token": { S: token } },
      }),
    );
  }

  async task(id: string): Promise<string | null> {
    return (await this.#get(`request#${id}`))?.task?.S ?? null;
  }

  remember(word: string, until: number): Promise<boolean> {
    // The item may live on for days after its time; a word is asked for in its time only.
    return this.#putNew({ key: { S: `word#${word}` }, expires: seconds(until) });
  }

  async report(incident: Incident): Promise<void> {
    const { at, type, why, request = "", by = "", channel } = incident;
    const id = [Math.floor(at / MINUTE), type, why, channel, request, by].join(" ");
    await this.#putNew({
      key: { S: `incident#${id}` },
      id: { S: id },
      shelf: { S: "incident" },
      news: { S: "news" },
      state: { S: JSON.stringify(incident) },
      expires: seconds(at + INCIDENT_DAYS * 24 * 60 * MINUTE),
    });
  }

  async incidents(limit: number): Promise<readonly Incident[]> {
    return this.#query<Incident>("shelf", "incident", "newest", limit);
  }

  async #get(key: string): Promise<Item | undefined> {
    const command = new GetItemCommand({ TableName: this.#table, Key: { key: { S: key } }, ConsistentRead: true });
    return (await this.#client.send(command)).Item;
  }

  #putNew(item: Item): Promise<boolean> {
    return unlessChecked(() =>
      this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: item,
          ConditionExpression: "attribute_not_exists(#key)",
          ExpressionAttributeNames: { "#key": "key" },
        }),
      ),
    );
  }

  /** Sets what the item has, and takes away those of the `sparse` attributes that it has not: they are what the indexes show. */
  #replace({ key, ...item }: Item, known: number, sparse: readonly string[]): Promise<boolean> {
    const set = Object.keys(item);
    const gone = sparse.filter((name) => item[name] === undefined);
    const names = Object.fromEntries([...set, ...gone].map((name) => [`#${name}`, name]));
    const values = Object.fromEntries(Object.entries(item).map(([name, value]) => [`:${name}`, value]));
    const remove = gone.length === 0 ? "" : ` REMOVE ${gone.map((name) => `#${name}`).join(", ")}`;
    return unlessChecked(() =>
      this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: { key: key as AttributeValue },
          UpdateExpression: `SET ${set.map((name) => `#${name} = :${name}`).join(", ")}${remove}`,
          ConditionExpression: "#length = :known",
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: { ...values, ":known": { N: String(known) } },
        }),
      ),
    );
  }

  /** @param limit all there are, when left out */
  async #query<T>(index: string, value: string, order: "newest" | "oldest", limit = Number.MAX_SAFE_INTEGER) {
    const states: T[] = [];
    let from: Item | undefined;
    do {
      const found = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          IndexName: index,
          KeyConditionExpression: "#index = :value",
          ExpressionAttributeNames: { "#index": index },
          ExpressionAttributeValues: { ":value": { S: value } },
          ScanIndexForward: order === "oldest",
          Limit: Math.min(limit - states.length, PAGE),
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      );
      states.push(...(found.Items ?? []).map((item) => stateOf<T>(item)).filter((state) => state !== null));
      from = found.LastEvaluatedKey;
    } while (from !== undefined && states.length < limit);
    return states;
  }
}

/** Attributes that have an index each, with its sort key. What an item lacks keeps it out of the index. */
export const INDEXES = {
  digest: "id",
  facts: "id",
  window: "id",
  pending: "id",
  shelf: "id",
  news: "id",
  changed: "written",
} as const;

function requestItem(state: ApprovalState): Item {
  const { id, digest, facts } = state.request;
  const alive = state.status === "open" || state.status === "approved";
  const opensWindow = state.history.some((change) => change.type === "approved" && change.windowUntil !== undefined);
  return {
    key: { S: `request#${id}` },
    id: { S: id },
    length: { N: String(state.history.length) },
    state: { S: JSON.stringify(state) },
    facts: { S: facts },
    shelf: { S: "request" },
    news: { S: "news" },
    changed: { S: "request" },
    written: { N: String(Date.now()) },
    ...(alive ? { digest: { S: digest }, pending: { S: "request" } } : {}),
    ...(opensWindow ? { window: { S: facts } } : {}),
  };
}

function glassItem(state: GlassState): Item {
  const reviewed = state.history.some((change) => change.type === "reviewed");
  return {
    key: { S: `glass#${state.glass.id}` },
    id: { S: state.glass.id },
    length: { N: String(state.history.length) },
    state: { S: JSON.stringify(state) },
    news: { S: "news" },
    ...(reviewed ? {} : { pending: { S: "glass" } }),
  };
}

function reviewItem(state: ReviewState): Item {
  return {
    key: { S: `review#${state.review.id}` },
    id: { S: state.review.id },
    length: { N: String(state.history.length) },
    state: { S: JSON.stringify(state) },
    shelf: { S: "review" },
    news: { S: "news" },
    ...(isAttested(state) ? {} : { pending: { S: "review" } }),
  };
}

export function stateOf<T>(item: Item | undefined): T | null {
  return item?.state?.S === undefined ? null : (JSON.parse(item.state.S) as T);
}

function seconds(ms: number): AttributeValue {
  return { N: String(Math.ceil(ms / 1000)) };
}

/** @returns false when the write's condition did not hold */
export async function unlessChecked(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    const parts = error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []) : [];
    if (parts.some(({ Code }) => Code === "ConditionalCheckFailed")) return false;
    throw error;
  }
}
