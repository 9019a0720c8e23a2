// A small interpreter of the Amazon States Language (states-language.net), on a clock that stands still until it is waited for: the states and
// fields that our workflow uses, as the specification says. Whatever else a definition has is an error, so that none is passed over.

interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds: number;
  readonly MaxAttempts: number;
  readonly BackoffRate: number;
}

interface Choice {
  readonly Variable: string;
  readonly IsPresent?: boolean;
  readonly BooleanEquals?: boolean;
  readonly Next: string;
}

interface State {
  readonly Type: string;
  readonly Resource: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Choices: readonly Choice[];
  readonly Parameters?: Json;
  readonly ResultSelector?: Json;
  readonly ResultPath?: string;
  readonly SecondsPath: string;
  readonly TimeoutSecondsPath?: string;
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly {
    readonly ErrorEquals: readonly string[];
    readonly ResultPath: string;
    readonly Next: string;
  }[];
}

type Json = { readonly [key: string]: unknown };

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  Choice: ["Choices", "Default"],
  Task: ["Resource", "Parameters", "ResultSelector", "ResultPath", "TimeoutSecondsPath", "Retry", "Catch", "Next"],
  Wait: ["SecondsPath", "Next"],
  Pass: ["Parameters", "Next"],
  Succeed: [],
};
const EVERYWHERE = ["Type", "Comment"];

/** An error of a state, by the name that Retry and Catch know it by. */
export class StateError extends Error {
  override readonly name: string;
  constructor(name: string, message = name) {
    super(message);
    this.name = name;
  }
}

/** Time that passes only where somebody waits, and what happens at which moment of it. */
export class Timeline {
  now: number;
  #plans: { readonly at: number; readonly run: () => Promise<void> }[] = [];

  constructor(now: number) {
    this.now = now;
  }

  /** @param at milliseconds since the epoch */
  plan(at: number, run: () => Promise<void>): void {
    this.#plans = [...this.#plans, { at, run }].sort((a, b) => a.at - b.at);
  }

  /** Lets time pass until then, or until what happens meanwhile is enough. @returns false when the time was over first */
  async pass(until: number, enough: () => boolean = () => false): Promise<boolean> {
    while (!enough()) {
      const [next] = this.#plans;
      if (next === undefined || next.at > until) {
        this.now = Math.max(this.now, until);
        return false;
      }
      this.#plans = this.#plans.slice(1);
      this.now = Math.max(this.now, next.at);
      await next.run();
    }
    return true;
  }
}

export interface StatesWorld {
  readonly time: Timeline;
  /** Calls a function. A rejection is the function's error, by its name. */
  call(name: string, payload: Json): Promise<unknown>;
}

export interface Execution {
  /** Names of the states, in the order in which they were entered. */
  readonly path: readonly string[];
  readonly output: Json;
}

export class StateMachine {
  readonly #start: string;
  readonly #states: Readonly<Record<string, State>>;
  readonly #world: StatesWorld;
  /** Tasks that wait, by their token. */
  readonly #waiting = new Map<string, { output?: Json }>();
  #tokens = 0;

  /** @throws for what is not known here */
  constructor(text: string, world: StatesWorld) {
    const definition = JSON.parse(text) as {
      readonly StartAt: string;
      readonly States: Readonly<Record<string, State>>;
    };
    for (const [name, state] of Object.entries(definition.States)) {
      const known = [...(KNOWN[state.Type] ?? []), ...EVERYWHERE];
      const odd = Object.keys(state).find((key) => !known.includes(key));
      if (KNOWN[state.Type] === undefined || odd !== undefined)
        throw new Error(`${name}: ${state.Type} ${odd ?? ""} is not known here`);
    }
    this.#start = definition.StartAt;
    this.#states = definition.States;
    this.#world = world;
  }

  /** SendTaskSuccess. @throws when no such task waits */
  succeed(token: string, output: Json): void {
    const task = this.#waiting.get(token);
    if (task === undefined) throw new StateError("TaskDoesNotExist");
    task.output = output;
  }

  /** @param most states, so that a loop ends */
  async run(input: Json, most = 100): Promise<Execution> {
    const path: string[] = [];
    let at: string | undefined = this.#start;
    let data = input;
    while (at !== undefined) {
      if (path.push(at) > most) throw new Error(`it does not end: ${path.slice(-6).join(", ")}`);
      const state: State | undefined = this.#states[at];
      if (state === undefined) throw new Error(`there is no state ${at}`);
      if (state.Type === "Succeed") return { path, output: data };
      [data, at] = await this.#step(state, data);
    }
    throw new Error(`${path.at(-1)} leads nowhere`);
  }

  async #step(state: State, data: Json): Promise<[Json, string | undefined]> {
    const { time } = this.#world;
    switch (state.Type) {
      case "Choice":
        return [data, state.Choices.find((choice) => holds(choice, data))?.Next ?? state.Default];
      case "Wait":
        await time.pass(time.now + seconds(data, state.SecondsPath));
        return [data, state.Next];
      case "Pass":
        return [state.Parameters === undefined ? data : (fill(state.Parameters, data, {}) as Json), state.Next];
      default:
        return this.#task(state, data);
    }
  }

  async #task(state: State, data: Json): Promise<[Json, string | undefined]> {
    try {
      const result = await this.#tries(state, data);
      const chosen = state.ResultSelector === undefined ? result : fill(state.ResultSelector, result as Json, {});
      return [put(data, state.ResultPath, chosen), state.Next];
    } catch (error) {
      const { name, message } = error as Error;
      const caught = state.Catch?.find(({ ErrorEquals }) => covers(ErrorEquals, name));
      if (caught === undefined) throw error;
      return [put(data, caught.ResultPath, { Error: name, Cause: message }), caught.Next];
    }
  }

  async #tries(state: State, data: Json): Promise<unknown> {
    const used = new Map<Retrier, number>();
    for (;;) {
      try {
        return await this.#once(state, data);
      } catch (error) {
        const retrier = state.Retry?.find(({ ErrorEquals }) => covers(ErrorEquals, (error as Error).name));
        const tried = retrier === undefined ? 0 : (used.get(retrier) ?? 0);
        if (retrier === undefined || tried >= retrier.MaxAttempts) throw error;
        used.set(retrier, tried + 1);
        const pause = retrier.IntervalSeconds * retrier.BackoffRate ** tried * 1000;
        await this.#world.time.pass(this.#world.time.now + pause);
      }
    }
  }

  async #once(state: State, data: Json): Promise<unknown> {
    const { time } = this.#world;
    const waits = state.Resource.endsWith(".waitForTaskToken");
    if (!waits && !state.Resource.endsWith(":lambda:invoke")) throw new Error(`${state.Resource} is not known here`);
    const token = `task ${++this.#tokens}`;
    const task: { output?: Json } = {};
    this.#waiting.set(token, task);
    const deadline = state.TimeoutSecondsPath === undefined ? null : time.now + seconds(data, state.TimeoutSecondsPath);
    const { FunctionName, Payload } = fill(state.Parameters ?? {}, data, { Task: { Token: token } }) as {
      readonly FunctionName: string;
      readonly Payload: Json;
    };
    try {
      const answer = { Payload: await this.#world.call(FunctionName, Payload) };
      if (!waits) return answer;
      if (!(await time.pass(deadline ?? Number.POSITIVE_INFINITY, () => task.output !== undefined)))
        throw new StateError("States.Timeout");
      return task.output;
    } finally {
      this.#waiting.delete(token);
    }
  }
}

function holds({ Variable, IsPresent, BooleanEquals }: Choice, data: Json): boolean {
  const value = find(data, Variable);
  return IsPresent === undefined ? value === BooleanEquals : (value !== undefined) === IsPresent;
}

/** `States.ALL` is every error. */
function covers(names: readonly string[], error: string): boolean {
  return names.includes("States.ALL") || names.includes(error);
}

function seconds(data: Json, path: string): number {
  const value = find(data, path);
  if (!Number.isInteger(value) || (value as number) <= 0) throw new StateError("States.Runtime", `${path} is no time`);
  return (value as number) * 1000;
}

/** A template: names that end in `.$` take their value from the input, or from the context object (`$$`). */
function fill(template: unknown, data: Json, context: Json): unknown {
  if (Array.isArray(template)) return template.map((one) => fill(one, data, context));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) => {
      if (!key.endsWith(".$")) return [key, fill(value, data, context)];
      const path = String(value);
      const found = path.startsWith("$$") ? find(context, path.slice(1)) : find(data, path);
      if (found === undefined) throw new StateError("States.ParameterPathFailure", `${path} is not there`);
      return [key.slice(0, -2), found];
    }),
  );
}

function find(data: unknown, path: string): unknown {
  if (!/^\$(\.[a-zA-Z]+)*$/.test(path)) throw new Error(`${path} is not known here`);
  return path
    .split(".")
    .slice(1)
    .reduce<unknown>((value, name) => (value as Json | undefined)?.[name], data);
}

function put(data: Json, path: string | undefined, value: unknown): Json {
  if (path === undefined || path === "$") return value as Json;
  const [, name] = /^\$\.([a-zA-Z]+)$/.exec(path) ?? [];
  if (name === undefined) throw new Error(`${path} is not known here`);
  return { ...data, [name]: value };
}
