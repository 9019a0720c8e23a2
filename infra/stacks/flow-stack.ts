// What follows the evidence: each new object is a notice, each notice is handled by functions that may do it twice.
import { CfnOutput, Duration, Stack, type StackProps } from "aws-cdk-lib";
import { SecurityGroup } from "aws-cdk-lib/aws-ec2";
import { type EventPattern, Rule, RuleTargetInput, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import type { Construct } from "constructs";
import { RETENTION_DAYS } from "../constructs/evidence-bucket.ts";
import { Feed } from "../constructs/feed.ts";
import { PosternFunction } from "../constructs/function.ts";
import type { DataStack } from "./data-stack.ts";
import type { KeysStack } from "./keys-stack.ts";
import type { NetworkStack } from "./network-stack.ts";
import type { ProxyStack } from "./proxy-stack.ts";

export interface FlowProps extends StackProps {
  readonly keys: KeysStack;
  readonly network: NetworkStack;
  readonly data: DataStack;
  readonly proxy: ProxyStack;
  /** Name of the ledger. */
  readonly ledger: string;
  /** Its witnesses, as a tlog-policy; null without any. */
  readonly witnesses: string | null;
}

/** What is a leaf of the ledger. */
const LANES = ["events", "recordings", "sealed"] as const;

/** A function that follows the evidence: how long it may take, what it gets at once, how many run at one time. */
interface Follower {
  readonly name: string;
  readonly memory: number;
  readonly seconds: number;
  readonly batch: { readonly size: number; readonly seconds: number };
  readonly concurrency: number;
}
/** Two of it would write the same: one while another ends. */
const SEALER: Follower = {
  name: "seal-ledger",
  memory: 1024,
  seconds: 300,
  batch: { size: 1000, seconds: 10 },
  concurrency: 2,
};
const INDEXER: Follower = {
  name: "index-segment",
  memory: 512,
  seconds: 120,
  batch: { size: 100, seconds: 5 },
  concurrency: 5,
};
const RECOVERER: Follower = {
  name: "recover-session",
  memory: 1024,
  seconds: 900,
  batch: { size: 1, seconds: 0 },
  concurrency: 2,
};

export class FlowStack extends Stack {
  readonly functions: readonly PosternFunction[];
  /** Notices wait here for each function, and lie in the dead letters when they could not be handled. */
  readonly feeds: readonly Feed[];
  /** Asks witnesses; null without any. */
  readonly cosign: PosternFunction | null;
  readonly #props: FlowProps;
  readonly #within: { readonly vpc: NetworkStack["vpc"]; readonly group: SecurityGroup };

  constructor(scope: Construct, id: string, props: FlowProps) {
    super(scope, id, props);
    this.#props = props;
    const group = new SecurityGroup(this, "Functions", {
      vpc: props.network.vpc,
      description: "Functions that follow the evidence",
      allowAllOutbound: false,
    });
    props.network.allowServices(group);
    this.#within = { vpc: props.network.vpc, group };
    const seal = this.makeSealer();
    const index = this.makeIndexer();
    const recover = this.makeRecoverer();
    this.cosign = props.witnesses === null ? null : this.makeCosigner(props.witnesses);
    this.functions = [seal, index, recover, ...(this.cosign === null ? [] : [this.cosign])];
    this.feeds = [
      this.feed("Ledger", SEALER, seal, this.created(LANES)),
      this.feed("Index", INDEXER, index, this.created(["events"])),
      this.feed("Recovery", RECOVERER, recover, this.stopped()),
    ];
    for (const fn of this.functions) new CfnOutput(this, `${fn.node.id}-function`, { value: fn.functionArn });
  }

  /** Writes the ledger: the only one that signs it. */
  private makeSealer(): PosternFunction {
    const { keys, data, ledger } = this.#props;
    const fn = this.makeFunction(SEALER, { POSTERN_LEDGER: ledger, POSTERN_LEDGER_KEY: keys.ledger.keyArn });
    data.bucket.lendToRead(fn, ...LANES);
    fn.addEnvironment("POSTERN_BUCKET", data.bucket.lendToWrite(fn, "ledger"));
    const table = data.sequence.lend(fn, "GetItem", "Query", "PutItem", "UpdateItem", "BatchWriteItem");
    fn.addEnvironment("POSTERN_LEDGER_TABLE", table);
    keys.ledger.grant(fn, "kms:Sign", "kms:GetPublicKey");
    return fn;
  }

  /** Submits heads to witnesses, once a minute. It alone reaches anybody outside, and it cannot sign. */
  private makeCosigner(witnesses: string): PosternFunction {
    const { keys, data, ledger } = this.#props;
    const fn = new PosternFunction(this, "cosign-ledger", {
      name: "cosign-ledger",
      key: keys.service,
      environment: {
        POSTERN_RETENTION_DAYS: String(RETENTION_DAYS),
        POSTERN_LEDGER: ledger,
        POSTERN_LEDGER_KEY: keys.ledger.keyArn,
        POSTERN_WITNESS_POLICY: witnesses,
      },
      seconds: 60,
      concurrency: 1,
    });
    data.bucket.lendToRead(fn, "ledger");
    fn.addEnvironment("POSTERN_BUCKET", data.bucket.lendToWrite(fn, "witness"));
    keys.ledger.grant(fn, "kms:GetPublicKey");
    new Rule(this, "CosignSchedule", {
      description: "Submits the ledger's head to its witnesses",
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(fn, { event: RuleTargetInput.fromObject({}), retryAttempts: 0 })],
    });
    return fn;
  }

  /** Writes the index, which can be made anew from the bucket at any time. */
  private makeIndexer(): PosternFunction {
    const { data } = this.#props;
    const fn = this.makeFunction(INDEXER, {});
    fn.addEnvironment("POSTERN_BUCKET", data.bucket.lendToRead(fn, "events"));
    const table = data.index.lend(fn, "GetItem", "PutItem", "DeleteItem", "Query", "BatchGetItem", "BatchWriteItem");
    fn.addEnvironment("POSTERN_INDEX_TABLE", table);
    return fn;
  }

  /** Makes segments of what a stopped task had announced, and closes its sessions. */
  private makeRecoverer(): PosternFunction {
    const { data } = this.#props;
    const fn = this.makeFunction(RECOVERER, {});
    fn.addEnvironment("POSTERN_BUCKET", data.bucket.lendToWrite(fn, "events"));
    const table = data.journal.lend(fn, "GetItem", "Query", "PutItem", "BatchWriteItem");
    fn.addEnvironment("POSTERN_JOURNAL_TABLE", table);
    return fn;
  }

  private makeFunction({ name, memory, seconds, concurrency }: Follower, environment: Record<string, string>) {
    return new PosternFunction(this, name, {
      name,
      key: this.#props.keys.service,
      within: this.#within,
      environment: { POSTERN_RETENTION_DAYS: String(RETENTION_DAYS), ...environment },
      memory,
      seconds,
      concurrency,
    });
  }

  private feed(
    id: string,
    { seconds, batch, concurrency }: Follower,
    to: PosternFunction,
    pattern: EventPattern,
  ): Feed {
    return new Feed(this, id, { key: this.#props.keys.service, pattern, to, seconds, batch, concurrency });
  }

  /** New objects of evidence. */
  private created(prefixes: readonly string[]): EventPattern {
    return {
      source: ["aws.s3"],
      detailType: ["Object Created"],
      detail: {
        bucket: { name: [this.#props.data.bucket.bucketName] },
        object: { key: prefixes.map((prefix) => ({ prefix: `${prefix}/` })) },
      },
    };
  }

  /** Tasks of the gateway that have stopped, however they did. */
  private stopped(): EventPattern {
    const { cluster, service } = this.#props.proxy;
    return {
      source: ["aws.ecs"],
      detailType: ["ECS Task State Change"],
      detail: {
        clusterArn: [cluster.clusterArn],
        group: [`service:${service.serviceName}`],
        lastStatus: ["STOPPED"],
      },
    };
  }
}
