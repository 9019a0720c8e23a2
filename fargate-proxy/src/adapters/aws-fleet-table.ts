// Gateways in DynamoDB: an item for each number, and one for each count, with every gateway's part of it and the sum. Each change is one conditional
// update, which can be sent again.
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { type Counted, type FleetMember, type FleetTable, NUMBERS, SPARE_MS } from "./fleet-table.ts";

type Item = Record<string, AttributeValue>;
interface Change {
  readonly from: number;
  readonly to: number;
  readonly limit: number | null;
}

interface Expression {
  readonly names: Readonly<Record<string, string>>;
  readonly values: Item;
}

const MEMBER = "member#";
const COUNT = "count#";
/** A count that nobody is in. */
const KEPT_SECONDS = 3600;
/** A gateway's part of a count. */
const PART = "part#";
const partOf = (id: string) => `${PART}${id}`;

export class DynamoFleetTable implements FleetTable {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async enter(
    member: Omit<FleetMember, "number">,
    now: number,
    before: Pick<FleetMember, "number" | "id"> | null,
  ): Promise<number> {
    const taken = new Set<number>();
    for (const other of await this.#members()) if (other.until + SPARE_MS >= now) taken.add(other.number);
    const own = before === null ? [] : [before.number];
    for (const number of [...own, ...Array(NUMBERS).keys()])
      if ((number === before?.number || !taken.has(number)) && (await this.#take(number, member, now, before)))
        return number;
    throw new Error("all numbers of gateways are taken");
  }

  async renew({ number, id, until }: Pick<FleetMember, "number" | "id" | "until">, now: number): Promise<boolean> {
    return this.#update(memberKey(number), "SET #until = :until", "#id = :id AND #until >= :now", {
      names: { "#id": "id", "#until": "until" },
      values: { ":id": { S: id }, ":until": n(until), ":now": n(now) },
    });
  }

  async leave({ number, id }: Pick<FleetMember, "number" | "id">): Promise<void> {
    await this.#update(memberKey(number), "SET #until = :never", "#id = :id", {
      names: { "#id": "id", "#until": "until" },
      values: { ":id": { S: id }, ":never": n(0) },
    });
  }

  async find(number: number): Promise<FleetMember | null> {
    const found = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: memberKey(number), ConsistentRead: true }),
    );
    const member = found.Item === undefined ? null : memberOf(found.Item);
    return member === null || member.until === 0 ? null : member;
  }

  async count(key: string, id: string, { from, to, limit }: Change): Promise<Counted> {
    const grows = to - from;
    const names = { "#part": partOf(id), "#total": "total", "#expires": "expires" };
    const values: Item = { ":zero": n(0), ":grows": n(grows) };
    const conditions = [from === 0 ? "attribute_not_exists(#part)" : "#part = :from"];
    if (from > 0) values[":from"] = n(from);
    if (to > 0) values[":to"] = n(to);
    if (limit !== null) {
      if (grows > limit) return { done: false, own: from };
      conditions.push("(attribute_not_exists(#total) OR #total <= :most)");
      values[":most"] = n(limit - grows);
    }
    const total = "#total = if_not_exists(#total, :zero) + :grows";
    const change = to > 0 ? `SET ${total}, #part = :to REMOVE #expires` : `SET ${total} REMOVE #part, #expires`;
    const held = await this.#held(countKey(key), change, conditions.join(" AND "), { names, values });
    if (held === null) return { done: true };
    const own = Number(held[partOf(id)]?.N ?? 0);
    return own === to ? { done: true } : { done: false, own };
  }

  /** Counts before members: whoever is in a count was a member before. */
  async sweep(now: number, id: string): Promise<ReadonlyMap<string, number>> {
    const counts = await this.#scan(COUNT);
    const alive = new Set((await this.#members()).filter(({ until }) => until + SPARE_MS >= now).map(({ id }) => id));
    for (const { key, ...item } of counts) {
      if (key === undefined) continue;
      // DynamoDB takes it away some time after, unless somebody comes.
      if (item.total?.N === "0" && item.expires === undefined)
        await this.#update({ key }, "SET #expires = :then", "#total = :zero", {
          names: { "#expires": "expires", "#total": "total" },
          values: { ":then": n(Math.floor(now / 1000) + KEPT_SECONDS), ":zero": n(0) },
        });
      for (const [name, value] of Object.entries(item)) {
        if (!name.startsWith(PART) || alive.has(name.slice(PART.length))) continue;
        await this.#update({ key }, "SET #total = #total - :part REMOVE #part", "#part = :part", {
          names: { "#part": name, "#total": "total" },
          values: { ":part": value },
        });
      }
    }
    return new Map(
      counts
        .filter((item) => item[partOf(id)] !== undefined)
        .map((item) => [item.key?.S?.slice(COUNT.length) ?? "", Number(item[partOf(id)]?.N)]),
    );
  }

  close(): void {
    this.#client.destroy();
  }

  /** @returns false when somebody else was first */
  #take(
    number: number,
    { id, host, port, until }: Omit<FleetMember, "number">,
    now: number,
    before: Pick<FleetMember, "id"> | null,
  ): Promise<boolean> {
    const change = "SET #id = :id, #host = :host, #port = :port, #until = :until, #number = :number";
    // Its own id: an attempt whose answer was lost.
    const free = "attribute_not_exists(#id) OR #until < :over OR #id = :id OR #id = :before";
    return this.#update(memberKey(number), change, free, {
      names: { "#id": "id", "#host": "host", "#port": "port", "#until": "until", "#number": "number" },
      values: {
        ":id": { S: id },
        ":host": { S: host },
        ":port": n(port),
        ":until": n(until),
        ":number": n(number),
        ":over": n(now - SPARE_MS),
        ":before": { S: before?.id ?? id },
      },
    });
  }

  async #members(): Promise<FleetMember[]> {
    return (await this.#scan(MEMBER)).map(memberOf);
  }

  async #scan(prefix: string): Promise<Item[]> {
    const items: Item[] = [];
    for (let start: Item | undefined; ; ) {
      const page = await this.#client.send(
        new ScanCommand({
          TableName: this.#table,
          ConsistentRead: true,
          FilterExpression: "begins_with(#key, :prefix)",
          ExpressionAttributeNames: { "#key": "key" },
          ExpressionAttributeValues: { ":prefix": { S: prefix } },
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      );
      items.push(...(page.Items ?? []));
      start = page.LastEvaluatedKey;
      if (start === undefined) return items;
    }
  }

  async #update(Key: Item, change: string, condition: string, expression: Expression): Promise<boolean> {
    return (await this.#held(Key, change, condition, expression)) === null;
  }

  /** @returns null when it is done; what the item is when the condition does not hold */
  async #held(Key: Item, change: string, condition: string, { names, values }: Expression): Promise<Item | null> {
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key,
          UpdateExpression: change,
          ConditionExpression: condition,
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: values,
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
      );
      return null;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return error.Item ?? {};
      throw error;
    }
  }
}

const n = (value: number): AttributeValue => ({ N: String(value) });
const memberKey = (number: number): Item => ({ key: { S: `${MEMBER}${number}` } });
const countKey = (key: string): Item => ({ key: { S: `${COUNT}${key}` } });

function memberOf(item: Item): FleetMember {
  const { number, id, host, port, until } = item;
  return {
    number: Number(number?.N),
    id: id?.S ?? "",
    host: host?.S ?? "",
    port: Number(port?.N),
    until: Number(until?.N),
  };
}
