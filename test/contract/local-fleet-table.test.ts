// The table of gateways in SQLite keeps to the contract of all of them.
import { join } from "node:path";
import { afterAll } from "vitest";
import { LocalFleetTable } from "#proxy/adapters/local-fleet-table.ts";
import { temporaryState } from "#test/support/evidence.ts";
import { fleetTableContract } from "./fleet-table.ts";

const state = temporaryState();
afterAll(() => state.remove());
let opened = 0;
fleetTableContract("SQLite", async () => new LocalFleetTable(join(state.path, `${++opened}/fleet.db`)));
