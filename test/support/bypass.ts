// Runs the attempts of the corpus through two gateways whose databases differ in masked values alone.

import type pg from "pg";
import { Canaries, canonical } from "./answers.ts";
import { type Attempt, fill, type Message } from "./attempts.ts";
import { type Answer, FORMS, type Form, failed, formsOf, sqlstateOf } from "./forms.ts";
import { RawClient } from "./raw-client.ts";
import { startTwins, type Twin, type Twins } from "./twin-clinic.ts";
import { OTHER_VALUES } from "./twin-values.ts";

/** Pseudonyms and free text: their masks leave something, and what they leave is the same on both sides. */
const MORE: typeof OTHER_VALUES = {
  ...OTHER_VALUES,
  "public.patients": {
    ...OTHER_VALUES["public.patients"],
    // A note is searched for the names beside it: who has one keeps them.
    ...Object.fromEntries(
      ["given_name", "family_name", "emergency_contact"].map((name) => [
        name,
        `CASE WHEN note IS NULL THEN ${OTHER_VALUES["public.patients"]![name]} ELSE ${name} END`,
      ]),
    ),
    mrn: "'MRN-' || translate(substr(mrn, 5), '123456789', '718293645')",
    portal_id: "translate(portal_id::text, '123456789', '718293645')::uuid",
  },
  "billing.claims": { member_number: "translate(member_number, '123456789', '718293645')" },
  "public.devices": {
    ...OTHER_VALUES["public.devices"],
    serial: "translate(serial, '123456789', '718293645')",
    mac: "translate(mac::text, '123456789', '718293645')::macaddr",
  },
};

/** Columns whose values must never be seen by whoever is not meant to. */
const SECRET = `
  SELECT unnest(ARRAY[mrn, ssn, phone, email, full_name, (home).street, (emergency_contact).name, (emergency_contact).phone,
    portal_id::text, host(last_login_ip), insurance->>'member', encode(photo, 'hex')]) FROM patients
  UNION SELECT unnest(ARRAY[serial, mac::text]) FROM devices UNION SELECT member_number FROM billing.claims`;

/** What one attempt in one form came to. Empty when all is as it must be. */
export interface Finding {
  readonly place: string;
  readonly form: string;
  readonly what: string;
}

export interface Ground {
  run(attempt: Attempt): Promise<Finding[]>;
  /** Starts both gateways anew, with options of Node. */
  restart(node: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

class Side {
  readonly twin: Twin;
  readonly #direct: pg.Client;
  readonly #clients = new Map<string, Promise<RawClient>>();

  constructor(twin: Twin, direct: pg.Client) {
    this.twin = twin;
    this.#direct = direct;
  }

  /** The one connection of an identity (and its second one). */
  async client(identity: string, second = false): Promise<RawClient> {
    const key = `${identity} ${second}`;
    const known = await this.#clients.get(key);
    if (known !== undefined && !known.closed) return known;
    const made = this.twin.client(identity).then((client) => RawClient.from(client));
    this.#clients.set(key, made);
    return made;
  }

  /** All before the last message. */
  async prepare(attempt: Attempt, send: (message: Message) => string): Promise<Answer> {
    const all: Answer[number][] = [];
    const first = await this.client(attempt.identity, attempt.last.second);
    if (attempt.undone) all.push(...(await FORMS.simple!(first, "BEGIN")));
    for (const message of attempt.before) {
      const client = await this.client(attempt.identity, message.second);
      all.push(...(await FORMS.simple!(client, send(message))));
    }
    return all;
  }

  /** The last message, in one form. */
  async ask(attempt: Attempt, form: Form, send: (message: Message) => string): Promise<Answer> {
    return form(await this.client(attempt.identity, attempt.last.second), send(attempt.last));
  }

  /** Back to where a session begins. */
  async reset(attempt: Attempt): Promise<void> {
    for (const second of new Set([attempt.last, ...attempt.before].map((message) => message.second))) {
      const client = await this.client(attempt.identity, second);
      if (client.status !== "I") await FORMS.simple!(client, "ROLLBACK");
      if (attempt.before.length > 0 || !/^\s*(select|with|values|table)\b/i.test(attempt.last.sql))
        await FORMS.simple!(client, "DISCARD ALL");
    }
    if (attempt.scratch) await this.#sweep(attempt.identity);
  }

  /** Takes away what was made in scratch: through the gateway, which then knows that it is gone. */
  async #sweep(identity: string): Promise<void> {
    const client = await this.client(identity);
    const left = async () => (await this.#direct.query({ text: LEFT, rowMode: "array" })).rows as string[][];
    for (const [what] of await left()) await FORMS.simple!(client, `DROP ${what} CASCADE`);
    const kept = await left();
    if (kept.length > 0) throw new Error(`${identity} cannot drop ${kept.join(", ")}`);
  }

  async restart(node: readonly string[]): Promise<void> {
    for (const client of this.#clients.values())
      await client.then(
        (open) => open.close(),
        () => {},
      );
    this.#clients.clear();
    await this.twin.restart(node);
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.values()) (await client).close();
    await this.#direct.end();
  }
}

/** What there is in scratch, as DROP names it. */
const LEFT = `
  SELECT format('%s scratch.%I', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relname)
  FROM pg_class WHERE relnamespace = 'scratch'::regnamespace AND relkind IN ('r', 'v', 'm', 'p', 'S')
  UNION ALL SELECT format('OPERATOR scratch.%s (%s, %s)', oprname, oprleft::regtype, oprright::regtype) FROM pg_operator WHERE oprnamespace = 'scratch'::regnamespace
  UNION ALL SELECT format('CAST (%s AS %s)', castsource::regtype, casttarget::regtype) FROM pg_cast WHERE oid >= 16384
  UNION ALL SELECT format('%s %s', CASE prokind WHEN 'a' THEN 'AGGREGATE' WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, oid::regprocedure)
  FROM pg_proc WHERE pronamespace = 'scratch'::regnamespace
  UNION ALL SELECT format('%s %s', CASE typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, oid::regtype)
  FROM pg_type WHERE typnamespace = 'scratch'::regnamespace AND typelem = 0 AND typrelid = 0`;

export async function bypassGround(policy?: string): Promise<Ground> {
  const twins: Twins = await startTwins({ values: MORE, ...(policy === undefined ? {} : { policy }) });
  const directs = await Promise.all(twins.sides.map((twin) => twin.direct()));
  const sides = twins.sides.map((twin, i) => new Side(twin, directs[i]!));
  const [values] = (await directs[0]!.query("SELECT * FROM patients WHERE id = 7")).rows as Record<string, unknown>[];
  const patient = Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, String(value)]));
  const secrets = await Promise.all(directs.map((client) => client.query({ text: SECRET, rowMode: "array" })));
  const canaries = new Canaries(
    secrets.flatMap((result) => (result.rows as (string | null)[][]).flatMap(([v]) => v ?? [])),
  );
  const send = (message: Message) => fill(message.sql, patient);

  const once = async (attempt: Attempt, name: string, before: readonly Answer[]): Promise<string | null> => {
    const form = FORMS[name]!;
    const answers = await Promise.all(sides.map((side) => side.ask(attempt, form, send)));
    const [one, other] = answers.map((answer, i) => canonical([...before[i]!, ...answer])) as [string, string];
    const sent = [...attempt.before, attempt.last].map(send).join("\n");
    const found = canaries.find(one, sent) ?? canaries.find(other, sent);
    if (found !== null) return `shows ${found}`;
    if (one !== other) return `differs: ${difference(one, other)}`;
    return unexpected(attempt, name, answers[0]!);
  };
  const each = async <T>(action: (side: Side) => Promise<T>): Promise<T[]> => Promise.all(sides.map(action));

  return {
    async run(attempt) {
      const findings: Finding[] = [];
      const asked = formsOf(attempt.last.sql, attempt.outcome === "refused" || attempt.scratch);
      const forms = asked.filter(
        (f) => (attempt.only.length === 0 || attempt.only.includes(f)) && !attempt.not.includes(f),
      );
      // What a transaction may fail in, or undo, is made anew for each form.
      const anew = attempt.undone || attempt.before.some(({ sql }) => /^begin/i.test(sql));
      let before: Answer[] = [];
      for (const [i, form] of forms.entries()) {
        if (i === 0 || anew) before = await each((side) => side.prepare(attempt, send));
        const what = await once(attempt, form, before);
        if (what !== null) findings.push({ place: attempt.place, form, what });
        if (anew || i === forms.length - 1) await each((side) => side.reset(attempt));
      }
      return findings;
    },
    async restart(node) {
      await each((side) => side.restart(node));
    },
    async stop() {
      for (const side of sides) await side.stop();
      await twins.stop();
    },
  };
}

/** Whether the last message came to what the label says. */
function unexpected(attempt: Attempt, form: string, answer: Answer): string | null {
  const sqlstate = sqlstateOf(answer);
  if (attempt.outcome === "masked") return sqlstate === null ? null : `fails (${sqlstate}): ${words(answer)}`;
  if (!failed(answer)) return "is answered";
  const ours = answer.some((message) => message.type === "E" && isOurs(message.body));
  if (ours !== (attempt.outcome === "refused"))
    return `${ours ? "is refused" : "fails"} (${sqlstate}): ${words(answer)}`;
  return form === "simple" && sqlstate !== attempt.sqlstate ? `ends with ${sqlstate}: ${words(answer)}` : null;
}

/** Refusals of the gateway carry its own code where the target names a C function, and messages it rebuilt nothing. */
const isOurs = (body: Buffer): boolean => /\0R[a-z]+(-[a-z]+)+\0/.test(body.toString("latin1"));

const words = (answer: Answer): string =>
  answer
    .filter((m) => m.type === "E")
    .map((m) =>
      m.body
        .toString()
        .split("\0")
        .find((part) => part.startsWith("M"))
        ?.slice(1),
    )
    .join("; ");

function difference(one: string, other: string): string {
  let at = 0;
  while (one[at] === other[at]) at++;
  const part = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 40), at + 40));
  return `${part(one)} or ${part(other)}`;
}
