// The tables over the evidence, and the questions that auditors ask of them: made from `infra/audit`, which `postern query` reads at home too.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CfnNamedQuery, type CfnWorkGroup } from "aws-cdk-lib/aws-athena";
import { type CfnDatabase, CfnTable } from "aws-cdk-lib/aws-glue";
import { Construct } from "constructs";
import type { EvidenceBucket } from "./evidence-bucket.ts";
import { ROOT } from "./function.ts";

const FOLDER = join(ROOT, "infra/audit");
/** The gateway's own log stands under this name beside those of targets. */
const GATEWAY = "gateway";
/** Before there was any evidence. */
const FIRST_DAY = "2026-01-01";

interface TableFile {
  readonly columns: Readonly<Record<string, string>>;
  readonly partitions: Readonly<Record<string, string>>;
}

export interface EvidenceTablesProps {
  readonly database: CfnDatabase;
  readonly workgroup: CfnWorkGroup;
  readonly bucket: EvidenceBucket;
  readonly targets: readonly string[];
}

export class EvidenceTables extends Construct {
  constructor(scope: Construct, id: string, props: EvidenceTablesProps) {
    super(scope, id);
    const table = this.makeEvents(props);
    for (const file of readdirSync(join(FOLDER, "queries"))) this.makeQuery(file, props).addResourceDependency(table);
  }

  /** Partitions are worked out from day and target: nothing has to be told of a new one. */
  private makeEvents({ database, bucket, targets }: EvidenceTablesProps): CfnTable {
    const { columns, partitions } = JSON.parse(readFileSync(join(FOLDER, "events.json"), "utf8")) as TableFile;
    const location = `s3://${bucket.bucketName}/events/v1/`;
    const table = new CfnTable(this, "Events", {
      catalogId: database.catalogId,
      databaseName: database.ref,
      tableInput: {
        name: "events",
        tableType: "EXTERNAL_TABLE",
        partitionKeys: Object.entries(partitions).map(([name, type]) => ({ name, type })),
        parameters: {
          classification: "json",
          compressionType: "zstd",
          "projection.enabled": "true",
          "projection.date.type": "date",
          "projection.date.format": "yyyy-MM-dd",
          "projection.date.range": `${FIRST_DAY},NOW`,
          "projection.target.type": "enum",
          "projection.target.values": [...targets, GATEWAY].join(","),
          "storage.location.template": `${location}date=\${date}/target=\${target}/`,
        },
        storageDescriptor: {
          location,
          columns: Object.entries(columns).map(([name, type]) => ({ name, type: glueType(type) })),
          inputFormat: "org.apache.hadoop.mapred.TextInputFormat",
          outputFormat: "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
          serdeInfo: {
            serializationLibrary: "org.openx.data.jsonserde.JsonSerDe",
            parameters: { "case.insensitive": "true", "ignore.malformed.json": "false" },
          },
        },
      },
    });
    return table;
  }

  private makeQuery(file: string, { database, workgroup }: EvidenceTablesProps): CfnNamedQuery {
    const queryString = readFileSync(join(FOLDER, "queries", file), "utf8");
    const name = file.replace(/\.sql$/, "");
    const description = /^-- (.*)$/m.exec(queryString)?.[1] ?? name;
    const query = new CfnNamedQuery(this, name, {
      name,
      description,
      database: database.ref,
      workGroup: workgroup.name,
      queryString,
    });
    query.addResourceDependency(workgroup);
    return query;
  }
}

/** Glue keeps names of members in lower case; a value of any shape is its text. */
export function glueType(type: string): string {
  return type.replaceAll(/\bjson\b/g, "string").toLowerCase();
}
