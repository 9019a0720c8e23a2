// The demo clinic's catalog as the gateway would see it: its schema, without rows, on a PostgreSQL that lives as long as it takes.
import { readFile } from "node:fs/promises";
import pg from "pg";
import { takeSnapshot } from "#proxy/protocols/postgres/catalog.ts";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import { startPostgres } from "./postgres.ts";
import { ROOT } from "./project.ts";

export async function clinicCatalog(): Promise<CatalogSnapshot> {
  const server = await startPostgres();
  try {
    const { host, port, user, password } = server;
    await withClient({ host, port, user, password, database: "postgres" }, async (client) => {
      await client.query("CREATE ROLE postern_gateway LOGIN PASSWORD 'x'");
      await client.query("CREATE DATABASE clinic");
    });
    await withClient({ host, port, user, password, database: "clinic" }, async (client) => {
      for (const script of ["schema.sql", "after-load.sql"])
        await client.query(await readFile(`${ROOT}/infra/local/clinic/${script}`, "utf8"));
    });
    const gateway = { host, port, user: "postern_gateway", password: "x", database: "clinic" };
    return await withClient(gateway, (client) =>
      takeSnapshot(async (text) => (await client.query({ text, rowMode: "array", types })).rows, "clinic"),
    );
  } finally {
    await server.stop();
  }
}

/** Every value as the text that the server sent. */
const types = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;

async function withClient<T>(config: pg.ClientConfig, action: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(config);
  await client.connect();
  try {
    return await action(client);
  } finally {
    await client.end();
  }
}
