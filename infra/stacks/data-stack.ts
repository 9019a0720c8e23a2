// What is kept: the evidence bucket, and the tables that requests, journals and indexes lie in.
import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import { ProjectionType } from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import { EvidenceBucket } from "../constructs/evidence-bucket.ts";
import { KeptTable, number, text } from "../constructs/table.ts";
import type { Settings } from "../settings.ts";
import type { KeysStack } from "./keys-stack.ts";

/** Names of attributes that have an index each; the functions' store knows them by the same. */
const APPROVAL_INDEXES = ["digest", "facts", "window", "pending", "shelf", "news"];

export interface DataProps extends StackProps {
  readonly keys: KeysStack;
  readonly evidence: Settings["evidence"];
}

export class DataStack extends Stack {
  readonly bucket: EvidenceBucket;
  /** Requests for approval. */
  readonly approvals: KeptTable;
  /** What is announced and not yet a segment: an item for each group commit of a task. */
  readonly journal: KeptTable;
  /** Sessions by principal, target, day and subject; made anew from the bucket at any time. */
  readonly index: KeptTable;
  /** Identities that were offboarded. */
  readonly revocations: KeptTable;
  /** Gateways that run, where they reach each other, and how many sessions each has for whom. */
  readonly fleet: KeptTable;
  /** Wrapped data keys of what is sealed: to take one away shreds what it sealed. */
  readonly sealedKeys: KeptTable;
  /** What officers ask of each other. */
  readonly officers: KeptTable;
  /** The order of the ledger's leaves, before they are tiles. */
  readonly sequence: KeptTable;

  constructor(scope: Construct, id: string, props: DataProps) {
    super(scope, id, props);
    const { service: key, evidence } = props.keys;
    this.bucket = new EvidenceBucket(this, "Evidence", evidence, props.evidence);
    this.approvals = new KeptTable(this, "ApprovalsTable", {
      key,
      partition: text("key"),
      indexes: APPROVAL_INDEXES,
      expires: true,
    });
    // What gateways look at twice a second while somebody waits: small entries, by the time of their writing.
    this.approvals.addGlobalSecondaryIndex({
      indexName: "changed",
      partitionKey: text("changed"),
      sortKey: number("written"),
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: ["length"],
    });
    this.journal = new KeptTable(this, "JournalTable", {
      key,
      partition: text("task"),
      sort: number("sequence"),
      expires: true,
    });
    this.index = new KeptTable(this, "IndexTable", { key, partition: text("key"), sort: text("sort"), expires: false });
    this.revocations = new KeptTable(this, "RevocationsTable", { key, partition: text("name"), expires: false });
    this.fleet = new KeptTable(this, "FleetTable", { key, partition: text("key"), expires: true, recoveryDays: 1 });
    this.sealedKeys = new KeptTable(this, "SealedKeysTable", {
      key,
      partition: text("session"),
      expires: false,
      // A key that was taken away can be had back for as long as recovery reaches: no longer than is useful.
      recoveryDays: 7,
    });
    this.officers = new KeptTable(this, "OfficersTable", {
      key,
      partition: text("kind"),
      sort: text("id"),
      expires: true,
    });
    this.sequence = new KeptTable(this, "SequenceTable", {
      key,
      partition: text("key"),
      sort: number("sort"),
      expires: false,
    });
    new CfnOutput(this, "EvidenceName", { value: this.bucket.bucketName });
    new CfnOutput(this, "ApprovalsName", { value: this.approvals.tableName });
    // What the command line is told: who has left, and where sessions are found.
    new CfnOutput(this, "RevocationsName", { value: this.revocations.tableName });
    new CfnOutput(this, "IndexName", { value: this.index.tableName });
  }
}
