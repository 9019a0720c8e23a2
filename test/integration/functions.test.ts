// What is called harmless of the functions that come with PostgreSQL, against the server's own pg_proc. Exceptions to a rule are listed
// with the reason why each was let through after it was looked at.
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  CARRIERS,
  HARMLESS,
  isHarmless,
  SLOW,
  TOTAL,
  TOTAL_IN_FIRST,
  TOTAL_IN_LAST,
} from "#shared/analysis/sql/functions.ts";
import { startPostgres, type TestPostgres } from "#test/support/postgres.ts";

interface Routine {
  readonly name: string;
  readonly schema: string;
  /** pg_proc.provolatile, proretset, prosecdef, proisstrict */
  readonly volatility: "i" | "s" | "v";
  readonly set: boolean;
  readonly definer: boolean;
  readonly language: string;
  /** Names of types. */
  readonly args: readonly string[];
  readonly returns: string;
  readonly outputs: readonly string[];
}

let server: TestPostgres;
let routines: readonly Routine[];
let byName: ReadonlyMap<string, readonly Routine[]>;

beforeAll(async () => {
  server = await startPostgres();
  const client = new pg.Client(server);
  await client.connect();
  const { rows } =
    await client.query(`SELECT p.proname AS name, n.nspname AS schema, p.provolatile AS volatility, p.proretset AS set,
      p.prosecdef AS definer, l.lanname AS language, p.prorettype::regtype::text AS returns,
      ARRAY(SELECT t::regtype::text FROM unnest(p.proargtypes) t) AS args,
      ARRAY(SELECT t::regtype::text FROM unnest(p.proallargtypes, p.proargmodes) u(t, m) WHERE m IN ('o', 'b', 't')) AS outputs
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang WHERE p.oid < 16384`);
  await client.end();
  routines = rows as Routine[];
  byName = Map.groupBy(routines, (routine) => routine.name);
});
afterAll(() => server?.stop());

const harmless = (name: string): boolean => {
  const overloads = byName.get(name) ?? [];
  return isHarmless(
    name,
    overloads.every((routine) => routine.volatility === "i"),
  );
};

/** Names of harmless functions with a property that wants a look. */
const withProperty = (property: (routine: Routine) => boolean): string[] =>
  [...byName]
    .filter(([name, overloads]) => harmless(name) && overloads.some(property))
    .map(([name]) => name)
    .sort();

/** A pattern or names, each with the reason why they may have the property. */
type Reviewed = readonly (readonly [RegExp, string])[];

/** What no reason covers; and reasons that cover nothing, so that the list stays short. */
function unreviewed(names: readonly string[], reviewed: Reviewed): string[] {
  const idle = reviewed
    .filter(([pattern]) => !names.some((name) => pattern.test(name)))
    .map(([pattern]) => `idle: ${pattern}`);
  return [...names.filter((name) => !reviewed.some(([pattern]) => pattern.test(name))), ...idle];
}

const COUNTERS: Reviewed[number] = [/^pg_stat_get_/, "numbers about relations and backends"];
const CARRIED: Reviewed[number] = [
  /^(nextval|setval|setseed|set_config|pg_notify|pg_(try_)?advisory_.*)$/,
  "a carrier: refused with what may be PHI in an argument",
];

describe("functions of the server that are called harmless", () => {
  test("each name of the list is one that the server has", () => {
    expect([...HARMLESS].filter((name) => !byName.has(name))).toEqual([]);
  });

  test("volatile ones have no effect but a known one", () => {
    const reviewed: Reviewed = [
      COUNTERS,
      CARRIED,
      [/^(clock_timestamp|timeofday)$/, "the clock"],
      [/^(random|random_normal|array_sample|array_shuffle|gen_random_uuid|uuidv4|uuidv7|bernoulli|system)$/, "chance"],
      [/^pg_sleep(_for|_until)?$/, "takes time: SLOW, so that what decides whether it runs is an influence"],
      [
        /^(currval|lastval|pg_sequence_last_value|pg_get_sequence_data)$/,
        "where a sequence stands; setval is a carrier",
      ],
      [/^current_query$/, "the session's own words"],
      [
        /^(pg_lock_status|pg_blocking_pids|pg_safe_snapshot_blocking_pids|pg_notification_queue_usage|pg_stat_have_stats)$/,
        "who waits for whom: no value; keys of advisory locks are carried by nobody",
      ],
      [
        /^(pg_current_wal_.*lsn|pg_last_.*|pg_is_in_recovery|pg_is_wal_replay_paused|txid_status|pg_xact_status|pg_jit_available)$/,
        "the server's state",
      ],
      [/^pg_(tablespace|database|relation|total_relation|table|indexes)_size$/, "how large a relation is"],
      [/^pg_(collation|database_collation)_actual_version$/, "the version of a library"],
      [/^pg_partition_(tree|ancestors)$/, "names of partitions"],
    ];
    expect(
      unreviewed(
        withProperty((routine) => routine.volatility === "v"),
        reviewed,
      ),
    ).toEqual([]);
  });

  test("those that read more than their arguments say where a sequence of rows comes from", () => {
    const reviewed: Reviewed = [
      COUNTERS,
      [/^(json|jsonb|ts)_|^generate_series$|^(aclexplode|pg_options_to_table)$/, "taken out of the arguments"],
      [
        /^pg_(get_keywords|get_catalog_foreign_keys|timezone_.*|available_extension.*|extension_update_paths)$/,
        "the server's own tables and files",
      ],
      [/^pg_(show_all_settings|listening_channels|lock_status)$/, "settings and locks"],
      [/^pg_(tablespace_databases|partition_tree|partition_ancestors|get_publication_tables)$/, "names of objects"],
    ];
    expect(
      unreviewed(
        withProperty((routine) => routine.set && routine.volatility !== "i"),
        reviewed,
      ),
    ).toEqual([]);
  });

  test("a counter has no text in its result that somebody else could have chosen", () => {
    const text = /text|name|json|bytea|xml|char/;
    const reviewed: Reviewed = [
      [/^pg_stat_get_backend_wait_event(_type)?$/, "names that the server or an extension gives"],
      [/^pg_stat_get_(io|backend_io|slru)$/, "kinds of input and output"],
      [/^pg_stat_get_archiver$/, "the name of a log file"],
      [/^pg_stat_get_replication_slot$/, "the name of a slot"],
    ];
    const counters = withProperty(
      (r) => r.name.startsWith("pg_stat_get_") && text.test([r.returns, ...r.outputs].join(" ")),
    );
    expect(unreviewed(counters, reviewed)).toEqual([]);
  });

  test("the server's inner workings are out of reach", () => {
    const inner = withProperty(
      (r) =>
        r.volatility !== "i" && [r.returns, ...r.args].some((type) => /internal|cstring|trigger|_handler/.test(type)),
    );
    expect(unreviewed(inner, [[/^(bernoulli|system)$/, "TABLESAMPLE; nobody can call them"]])).toEqual([]);
    expect(withProperty((routine) => routine.definer)).toEqual([]);
    const foreign = withProperty((r) => !["internal", "sql"].includes(r.language));
    // Conversions of encodings: C functions whose argument nobody can write down.
    expect(
      foreign.filter((name) => !byName.get(name)!.every((r) => r.volatility === "i" && r.args.includes("internal"))),
    ).toEqual([]);
  });

  test("what runs SQL, reads files, rows, statements or large objects, or acts on the server is not harmless", () => {
    const doing = [
      /_to_xml(schema|_and_xmlschema)?$/,
      /^(ts_stat|ts_rewrite|cursor_to_xml)$/,
      /^(lo_|loread|lowrite|pg_read_|pg_ls_|pg_stat_file|pg_current_logfile|pg_show_all_file_settings|pg_hba_file_rules|pg_ident_file)/,
      /^pg_(cursor|prepared_statement|prepared_xact|stat_get_activity|stat_get_backend_activity|stat_get_wal_receiver|stat_get_wal_senders|stat_get_subscription)$/,
      /^(binary_upgrade_|pg_logical_|pg_replication_|pg_create_|pg_drop_|pg_copy_|pg_backup_|pg_stat_reset|pg_stat_clear|pg_stat_force|pg_import_|pg_restore_|pg_clear_)/,
      /^pg_(cancel_backend|terminate_backend|reload_conf|rotate_logfile|promote|switch_wal|log_.*|export_snapshot|wal_replay_.*|nextoid|sync_replication_slots|extension_config_dump)$/,
      /^(currtid2|pg_mcv_list_items|pg_get_shmem_allocations.*|pg_get_backend_memory_contexts|pg_get_aios|pg_config|pg_control_.*|tsvector_update_trigger.*)$/,
      /^RI_FKey_/,
    ];
    const found = [...byName.keys()].filter((name) => doing.some((pattern) => pattern.test(name)));
    expect(doing.filter((pattern) => !found.some((name) => pattern.test(name)))).toEqual([]);
    // Those that are immutable compute with names of the same form.
    const computing = ["text_to_xml"];
    expect(found.filter((name) => harmless(name) && !computing.includes(name))).toEqual([]);
  });

  test("no overload of an immutable name is let through that is not immutable", () => {
    const mixed = [...byName]
      .filter(([, all]) => new Set(all.map((r) => r.volatility === "i")).size > 1)
      .map(([name]) => name);
    expect(mixed.length).toBeGreaterThan(20);
    expect(mixed.filter((name) => harmless(name) && !HARMLESS.has(name))).toEqual([]);
    expect(harmless("ts_rewrite")).toBe(false);
  });

  test("those that give their argument away are carriers, those that take their time are slow", () => {
    const silent = withProperty((r) => r.returns === "void" && r.volatility !== "i");
    expect(
      silent.filter((name) => !CARRIERS.has(name) && !SLOW.has(name) && name !== "pg_advisory_unlock_all"),
    ).toEqual([]);
    for (const name of [...CARRIERS, ...SLOW]) expect(harmless(name), name).toBe(true);
  });

  test("a function that cannot fail is one that the server has, or a form of the grammar", () => {
    const forms = ["every", "coalesce", "nullif", "unaccent", "extract"];
    const names = [...TOTAL, ...TOTAL_IN_FIRST, ...TOTAL_IN_LAST];
    expect(names.filter((name) => !byName.has(name) && !forms.includes(name))).toEqual([]);
    expect(names.filter((name) => byName.has(name) && !harmless(name))).toEqual([]);
  });
});
