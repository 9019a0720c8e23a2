// A small PostgreSQL client: logs in with a token, runs strings of commands, collects their results as text.
import { once } from "node:events";
import type { TLSSocket } from "node:tls";
import { type DatabaseError, parse, serialize } from "pg-protocol";
import type {
  BackendKeyDataMessage,
  BackendMessage,
  CommandCompleteMessage,
  CopyDataMessage,
  DataRowMessage,
  NoticeMessage,
  RowDescriptionMessage,
} from "pg-protocol/dist/messages.js";
import type { Home } from "../home.ts";
import { Problem } from "../problem.ts";
import { dialGateway } from "./dial.ts";

export interface Column {
  readonly name: string;
  /** pg_type.oid */
  readonly type: number;
}

/** What one statement answered. */
export interface Result {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** What COPY ... TO STDOUT sent. */
  readonly copied: Buffer;
  /** The command tag; empty for an empty statement. */
  readonly tag: string;
}

/** The results before the first error, and that error. */
export interface Answer {
  readonly results: readonly Result[];
  readonly error: DatabaseError | null;
}

export interface Session {
  /** @throws Problem when the connection ends instead of answering */
  run(text: string): Promise<Answer>;
  /** Asks the server to give up what it does now. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

export interface Login {
  readonly user: string;
  readonly target: string;
  readonly token: string;
  onNotice(notice: NoticeMessage): void;
}

interface Waiting {
  readonly results: Result[];
  error: DatabaseError | null;
  columns: readonly Column[];
  rows: (readonly (string | null)[])[];
  copied: Buffer[];
  resolve(answer: Answer): void;
  reject(problem: Problem): void;
}

const NO_COPY_IN = "this client cannot send COPY data; use psql";

/** @throws Problem when the gateway cannot be reached; DatabaseError when it refuses the login */
export async function openSession(home: Home, login: Login): Promise<Session> {
  const socket = await dialGateway(home);
  const client = new Client(socket, login);
  await client.begin();
  return {
    run: (text) => client.run(text),
    cancel: async () => {
      const other = await dialGateway(home);
      other.end(serialize.cancel(client.key.processID, client.key.secretKey));
      await once(other.resume(), "close");
    },
    close: async () => {
      if (socket.destroyed) return;
      const closed = once(socket, "close");
      socket.end(serialize.end());
      await closed;
    },
  };
}

class Client {
  key = { processID: 0, secretKey: 0 };
  readonly #socket: TLSSocket;
  readonly #login: Login;
  #waiting: Waiting | null = null;

  constructor(socket: TLSSocket, login: Login) {
    this.#socket = socket;
    this.#login = login;
    const gone = () => this.#waiting?.reject(new Problem("the connection was lost", 3));
    socket.on("error", gone);
    socket.on("close", gone);
    void parse(socket, (message) => this.#take(message));
  }

  async begin(): Promise<void> {
    const { user, target } = this.#login;
    const answer = this.#wait();
    this.#socket.write(serialize.startup({ user, database: target, application_name: "postern sql" }));
    const { error } = await answer;
    if (error !== null) throw error;
  }

  run(text: string): Promise<Answer> {
    if (this.#socket.destroyed) return Promise.reject(new Problem("the connection was lost", 3));
    const answer = this.#wait();
    this.#socket.write(serialize.query(text));
    return answer;
  }

  #wait(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { results: [], error: null, columns: [], rows: [], copied: [], resolve, reject };
    });
  }

  #take(message: BackendMessage): void {
    const waiting = this.#waiting;
    switch (message.name) {
      case "authenticationCleartextPassword":
        this.#socket.write(serialize.password(this.#login.token));
        return;
      case "backendKeyData":
        this.key = message as BackendKeyDataMessage;
        return;
      case "notice":
        this.#login.onNotice(message as NoticeMessage);
        return;
      case "readyForQuery":
        this.#waiting = null;
        waiting?.resolve(waiting);
        return;
    }
    if (waiting !== null) collect(waiting, message, this.#socket);
  }
}

function collect(waiting: Waiting, message: BackendMessage, socket: TLSSocket): void {
  switch (message.name) {
    case "rowDescription":
      waiting.columns = (message as RowDescriptionMessage).fields.map(({ name, dataTypeID }) => ({
        name,
        type: dataTypeID,
      }));
      return;
    case "dataRow":
      waiting.rows.push((message as DataRowMessage).fields);
      return;
    case "copyData":
      waiting.copied.push((message as CopyDataMessage).chunk);
      return;
    case "copyInResponse":
      socket.write(serialize.copyFail(NO_COPY_IN));
      return;
    case "commandComplete":
    case "emptyQuery": {
      const tag = message.name === "emptyQuery" ? "" : (message as CommandCompleteMessage).text;
      waiting.results.push({
        columns: waiting.columns,
        rows: waiting.rows,
        copied: Buffer.concat(waiting.copied),
        tag,
      });
      Object.assign(waiting, { columns: [], rows: [], copied: [] });
      return;
    }
    case "error": {
      waiting.error = message as unknown as DatabaseError;
      // At login, and when the session is ended from above, no ReadyForQuery follows.
      const last = ["FATAL", "PANIC"].includes(waiting.error.severity ?? "");
      if (last) waiting.resolve(waiting);
      return;
    }
  }
}
