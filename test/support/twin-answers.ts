// Sends programs to both sides of the twins, through their gateways and past them, and compares the bytes that come back.
import type { Program, Step } from "./random-sql/programs.ts";
import type { Twins } from "./twin-clinic.ts";
import { type Message, typed, type WireClient } from "./wire-client.ts";

/** All messages of each step, up to its ReadyForQuery. */
export type Answer = readonly (readonly Message[])[];

export interface Answers {
  /** Through the gateways, and past them. */
  readonly through: readonly [Answer, Answer];
  readonly past: readonly [Answer, Answer];
}

/** Four connections: both sides, through the gateway as `identity` and past it. */
export class Quartet {
  readonly #through: readonly [WireClient, WireClient];
  readonly #past: readonly [WireClient, WireClient];

  readonly #lastOid: number;

  private constructor(
    through: readonly [WireClient, WireClient],
    past: readonly [WireClient, WireClient],
    lastOid: number,
  ) {
    this.#lastOid = lastOid;
    this.#through = through;
    this.#past = past;
  }

  static async open({ sides: [one, other], lastOid }: Twins, identity: string): Promise<Quartet> {
    const through = await Promise.all([one.wire(identity), other.wire(identity)]);
    const past = await Promise.all([one.directWire(), other.directWire()]);
    const quartet = new Quartet(through, past, lastOid);
    for (const client of [...through, ...past]) await send(client, [limits, touch]);
    return quartet;
  }

  /** Answers in the order of the programs. @param apart one side of the gateways after the other: programs that write lock rows */
  async ask(programs: readonly Program[], apart = false): Promise<Answers[]> {
    const steps = programs.flatMap((program) => program.steps);
    const both = (clients: readonly [WireClient, WireClient]) =>
      Promise.all(clients.map(async (client) => this.#plain(await send(client, steps))));
    const through = both(this.#through);
    if (apart) await through;
    const past = both(this.#past);
    const [[a, b], [c, d]] = [await through, await past];
    let at = 0;
    return programs.map((program) => {
      const own = (all: Answer | undefined): Answer => (all ?? []).slice(at, at + program.steps.length);
      const answers = { through: [own(a), own(b)], past: [own(c), own(d)] } as const;
      at += program.steps.length;
      return answers;
    });
  }

  /** OIDs of tables that were made just now depend on who came first: they become 0. */
  #plain(answer: Answer): Answer {
    for (const messages of answer)
      for (const { type, body } of messages) {
        if (type !== "T") continue;
        for (let at = 2; at < body.length; ) {
          const end = body.indexOf(0, at) + 1;
          if (body.readUInt32BE(end) > this.#lastOid) body.writeUInt32BE(0, end);
          at = end + 18;
        }
      }
    return answer;
  }

  close(): void {
    for (const client of [...this.#through, ...this.#past]) client.close();
  }
}

/** Whatever takes longer proves nothing: it is put aside. */
const limits: Step = { kind: "simple", sql: "SET statement_timeout = '10s'" };

/** From here on, the gateway rebuilds every message: which is the first command to touch PHI does not matter then. */
const touch: Step = { kind: "simple", sql: "SELECT ssn FROM patients LIMIT 0" };

/** All steps at once; then what came back for each. @throws when the connection ends */
async function send(client: WireClient, steps: readonly Step[]): Promise<Answer> {
  client.send(Buffer.concat(steps.map(bytesOf)));
  const answer: Message[][] = [];
  for (const step of steps) {
    const messages = await client.until("Z");
    answer.push(messages);
    if (messages.at(-1)?.type !== "Z") throw new Error(`the connection ended at: ${step.sql}`);
  }
  return answer;
}

const int16 = (value: number): Buffer => {
  const out = Buffer.alloc(2);
  out.writeInt16BE(value);
  return out;
};
const int32 = (value: number): Buffer => {
  const out = Buffer.alloc(4);
  out.writeInt32BE(value);
  return out;
};

export function bytesOf(step: Step): Buffer {
  if (step.kind === "simple") return typed("Q", `${step.sql}\0`);
  const values = step.parameters.flatMap((value) => [int32(Buffer.byteLength(value)), value]);
  const execute = typed("E", "\0", int32(step.rows));
  return Buffer.concat([
    typed("P", "\0", `${step.sql}\0`, int16(0)),
    typed("B", "\0\0", int16(0), int16(step.parameters.length), ...values, int16(1), int16(step.binary ? 1 : 0)),
    typed("D", "P\0"),
    execute,
    ...(step.rows > 0 ? [execute] : []),
    typed("S"),
  ]);
}

export function isSame(one: Answer, other: Answer): boolean {
  return (
    one.length === other.length &&
    one.every((messages, i) => {
      const others = other[i] ?? [];
      return (
        messages.length === others.length &&
        messages.every((m, j) => m.type === others[j]?.type && m.body.equals(others[j].body))
      );
    })
  );
}

/** Fields of the first error; null when all went well. */
export function errorIn(answer: Answer): Readonly<Record<string, string>> | null {
  const error = answer.flat().find(({ type }) => type === "E");
  if (error === undefined) return null;
  return Object.fromEntries(
    error.body
      .toString()
      .split("\0")
      .filter((f) => f !== "")
      .map((f) => [f.charAt(0), f.slice(1)]),
  );
}

/** An answer for people to read. */
export function inWords(answer: Answer): string {
  return answer
    .map((messages) =>
      messages.map(({ type, body }) => `${type} ${JSON.stringify(body.toString("latin1")).slice(0, 300)}`).join("\n"),
    )
    .join("\n--\n");
}
