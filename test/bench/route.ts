// A way to the database that is measured: direct, through pgbouncer, or through Postern. All three speak TLS to the client.

export interface Route {
  readonly name: "direct" | "pgbouncer" | "postern";
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** The gateway's process, when there is one: its CPU and memory are measured. */
  readonly pid?: number;
}

/** Settings with which libpq's programs take this route. */
export function libpq(route: Route): Record<string, string> {
  return {
    PGHOST: route.host,
    PGPORT: String(route.port),
    PGDATABASE: route.database,
    PGUSER: route.user,
    PGPASSWORD: route.password,
    PGSSLMODE: "require",
    PGGSSENCMODE: "disable",
  };
}
