// The index of sessions in DynamoDB: one item for each session, and small ones to find it by. Nothing is in it that the bucket does not have; it is
// built up from segments in any order, each any number of times.
//
// What finds a session is written before its own item says that it has the segment, so a run that dies leaves too much to find and never too little; and
// what is found is held against the session's own item before it is given.
import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import type { Disclosed } from "#shared/evidence/disclosure.ts";
import { matches, type SessionFilter } from "#shared/evidence/session-filter.ts";
import { isIdentified, mergeParts, type SessionPart } from "#shared/evidence/session-part.ts";
import type { SessionSummary } from "#shared/evidence/summary.ts";

type Item = Record<string, AttributeValue>;
interface Posting {
  readonly key: string;
  readonly sort: string;
}

/** Of sort keys, both inclusive; all when left out. */
interface Bounds {
  readonly from?: string;
  readonly to?: string;
}

/** Sessions that last longer are found by a posting of their own. */
const LONG_MS = 86_400_000;
const WRITTEN_AT_ONCE = 25;
const READ_AT_ONCE = 100;
const ATTEMPTS = 100;
const BUSY_MS = 20;
/** Sorts behind every id. */
const LAST = "~";

export class DynamoIndex {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** Adds what an object of a session says; what is in it already changes nothing. */
  async add(part: SessionPart, disclosed: readonly Disclosed[]): Promise<void> {
    await this.#putAll(shownItems(part, disclosed));
    for (let attempt = 0; ; attempt++) {
      const row = await this.#row(part.summary.session);
      const merged = row === null ? part : mergeParts(row.part, part);
      if (row?.part === merged || (await this.#replace(row, merged))) return this.#settle(merged);
      if (attempt === ATTEMPTS) throw new Error("the index is too busy");
      await pause(BUSY_MS * Math.random() * Math.min(attempt + 1, 10));
    }
  }

  async get(session: string): Promise<SessionSummary | null> {
    return (await this.#row(session))?.part.summary ?? null;
  }

  /** Newest first. */
  async find(filter: SessionFilter): Promise<readonly SessionSummary[]> {
    const { since = 0, until = Number.MAX_SAFE_INTEGER, limit = Number.POSITIVE_INFINITY } = filter;
    const earliest = Math.max(0, since - LONG_MS);
    const found = await this.#matching(shelfOf(filter), earliest, until, filter, limit);
    // Of those that began long before, only these can have run still.
    if (earliest > 0)
      for (const shelf of ["long", "open"])
        for (const so of await this.#matching(shelf, 0, until, filter, Number.POSITIVE_INFINITY)) found.push(so);
    const sessions = [...new Map(found.map((so) => [so.session, so])).values()];
    return sessions.sort((a, b) => (sortOf(a) < sortOf(b) ? 1 : -1)).slice(0, limit);
  }

  /** Sessions whose id starts so, at most `limit`. */
  async startingWith(prefix: string, limit: number): Promise<readonly SessionSummary[]> {
    const condition = prefix === "" ? {} : { from: prefix, to: `${prefix}${LAST}` };
    const ids: string[] = [];
    for await (const { sort } of this.#postings("ids", condition, true)) {
      ids.push(sort);
      if (ids.length === limit) break;
    }
    return [...(await this.#rows(ids)).values()].sort((a, b) => (a.session < b.session ? -1 : 1));
  }

  /** Sessions that showed records of any of these subjects, the earliest first. */
  async disclosed(subjects: readonly string[]): Promise<readonly Disclosed[]> {
    const found = new Map<string, Disclosed>();
    for (const subject of subjects)
      for await (const item of this.#items(`subject#${subject}`, {}, true)) {
        const session = item.session?.S ?? "";
        const [first, last] = [Number(item.first?.N), Number(item.last?.N)];
        const before = found.get(`${subject} ${session}`) ?? { subject, session, first, last };
        found.set(`${subject} ${session}`, {
          ...before,
          first: Math.min(before.first, first),
          last: Math.max(before.last, last),
        });
      }
    return [...found.values()].sort((a, b) => a.first - b.first);
  }

  async #matching(
    shelf: string,
    since: number,
    until: number,
    filter: SessionFilter,
    limit: number,
  ): Promise<SessionSummary[]> {
    const found: SessionSummary[] = [];
    let ids: string[] = [];
    const look = async () => {
      const rows = await this.#rows(ids);
      for (const id of ids) {
        const so = rows.get(id);
        if (so !== undefined && matches(so, filter)) found.push(so);
      }
      ids = [];
    };
    const range = { from: timeText(since), to: `${timeText(until)}#${LAST}` };
    for await (const { sort } of this.#postings(shelf, range, false)) {
      ids.push(sort.slice(sort.indexOf("#") + 1));
      if (ids.length === READ_AT_ONCE) await look();
      if (found.length >= limit) break;
    }
    await look();
    return found.slice(0, limit);
  }

  async #row(session: string): Promise<{ readonly part: SessionPart; readonly version: number } | null> {
    const { Item: item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: rowKey(session), ConsistentRead: true }),
    );
    return item === undefined ? null : { part: partIn(item), version: Number(item.version?.N) };
  }

  async #rows(sessions: readonly string[]): Promise<Map<string, SessionSummary>> {
    const found = new Map<string, SessionSummary>();
    for (let from = 0; from < sessions.length; from += READ_AT_ONCE) {
      let keys: Item[] = [...new Set(sessions.slice(from, from + READ_AT_ONCE))].map(rowKey);
      while (keys.length > 0) {
        const { Responses, UnprocessedKeys } = await this.#client.send(
          new BatchGetItemCommand({ RequestItems: { [this.#table]: { Keys: keys, ConsistentRead: true } } }),
        );
        for (const item of Responses?.[this.#table] ?? []) {
          const { summary } = partIn(item);
          found.set(summary.session, summary);
        }
        keys = UnprocessedKeys?.[this.#table]?.Keys ?? [];
        if (keys.length > 0) await pause(BUSY_MS);
      }
    }
    return found;
  }

  /** @returns false when somebody else was faster */
  async #replace(
    row: { readonly part: SessionPart; readonly version: number } | null,
    part: SessionPart,
  ): Promise<boolean> {
    const before = new Set(row === null ? [] : postingsOf(row.part).map(nameOf));
    const fresh = postingsOf(part).filter((posting) => !before.has(nameOf(posting)));
    await this.#putAll(fresh.map(({ key, sort }) => itemKey(key, sort)));
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: {
            ...rowKey(part.summary.session),
            part: { S: JSON.stringify(part) },
            version: { N: String((row?.version ?? 0) + 1) },
          },
          ...(row === null
            ? { ConditionExpression: "attribute_not_exists(#key)", ExpressionAttributeNames: { "#key": "key" } }
            : {
                ConditionExpression: "version = :known",
                ExpressionAttributeValues: { ":known": { N: String(row.version) } },
              }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  /** A session that has ended is not open: it may have been put there by a run that knew less. */
  async #settle(part: SessionPart): Promise<void> {
    if (part.summary.closed === null || !isIdentified(part)) return;
    const Key = itemKey("open", sortOf(part.summary));
    await this.#client.send(new DeleteItemCommand({ TableName: this.#table, Key }));
  }

  async #putAll(items: readonly Item[]): Promise<void> {
    for (let from = 0; from < items.length; from += WRITTEN_AT_ONCE) {
      let requests = items.slice(from, from + WRITTEN_AT_ONCE).map((item) => ({ PutRequest: { Item: item } }));
      while (requests.length > 0) {
        const { UnprocessedItems } = await this.#client.send(
          new BatchWriteItemCommand({ RequestItems: { [this.#table]: requests } }),
        );
        requests = (UnprocessedItems?.[this.#table] ?? []) as typeof requests;
        if (requests.length > 0) await pause(BUSY_MS);
      }
    }
  }

  async *#postings(key: string, range: Bounds, forward: boolean): AsyncGenerator<{ readonly sort: string }> {
    for await (const { sort } of this.#items(key, range, forward)) if (sort?.S !== undefined) yield { sort: sort.S };
  }

  async *#items(key: string, range: Bounds, forward: boolean): AsyncGenerator<Item> {
    const { from, to } = range;
    const bounded = from !== undefined && to !== undefined;
    for (let start: Item | undefined; ; ) {
      const page = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          KeyConditionExpression: bounded ? "#key = :key AND #sort BETWEEN :from AND :to" : "#key = :key",
          ExpressionAttributeNames: bounded ? { "#key": "key", "#sort": "sort" } : { "#key": "key" },
          ExpressionAttributeValues: {
            ":key": { S: key },
            ...(bounded ? { ":from": { S: from }, ":to": { S: to } } : {}),
          },
          ScanIndexForward: forward,
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

/** The shelf that has the fewest sessions besides those that are asked for. */
function shelfOf({ principal, target, relation, decision }: SessionFilter): string {
  if (relation !== undefined) return `relation#${relation}`;
  if (principal !== undefined) return `principal#${principal}`;
  if (decision !== undefined) return `decision#${decision}`;
  return target === undefined ? "all" : `target#${target}`;
}

/** None before it is known who it was and when it began: what finds a session never changes. */
function postingsOf(part: SessionPart): readonly Posting[] {
  if (!isIdentified(part)) return [];
  const so = part.summary;
  const shelves = [
    "all",
    `target#${so.target}`,
    ...[so.principal?.name, so.principal?.actsFor]
      .filter((name) => name !== undefined)
      .map((name) => `principal#${name}`),
    ...so.relations.flatMap((name) => [`relation#${name}`, `relation#${name.slice(name.indexOf(".") + 1)}`]),
    ...so.decisions.map((word) => `decision#${word}`),
    ...(so.closed === null ? ["open"] : []),
    ...(so.closed !== null && so.closed - so.opened > LONG_MS ? ["long"] : []),
  ];
  const sort = sortOf(so);
  return [{ key: "ids", sort: so.session }, ...[...new Set(shelves)].map((key) => ({ key, sort }))];
}

/** One for each subject and object, so that the same object again is the same item. */
function shownItems({ summary, ranges }: SessionPart, disclosed: readonly Disclosed[]): Item[] {
  const shown = new Map<string, Disclosed>();
  for (const one of disclosed) {
    const before = shown.get(one.subject) ?? one;
    shown.set(one.subject, { ...one, first: Math.min(before.first, one.first), last: Math.max(before.last, one.last) });
  }
  return [...shown.values()].map(({ subject, session, first, last }) => ({
    ...itemKey(`subject#${subject}`, `${summary.session}#${String(ranges[0]?.[0]).padStart(10, "0")}`),
    session: { S: session },
    first: { N: String(first) },
    last: { N: String(last) },
  }));
}

function sortOf({ opened, session }: SessionSummary): string {
  return `${timeText(opened)}#${session}`;
}

/** Sorts as the time does. */
function timeText(ms: number): string {
  return String(ms).padStart(16, "0");
}

function nameOf({ key, sort }: Posting): string {
  return `${key} ${sort}`;
}

function itemKey(key: string, sort: string): Item {
  return { key: { S: key }, sort: { S: sort } };
}

function rowKey(session: string): Item {
  return itemKey(`session#${session}`, "summary");
}

function partIn(item: Item): SessionPart {
  return JSON.parse(item.part?.S ?? "") as SessionPart;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
