// Events to a function, none lost: a rule, a queue, dead letters.
import { Aws, Duration } from "aws-cdk-lib";
import { type EventPattern, Rule } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { Effect, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { PosternFunction } from "./function.ts";

export interface FeedProps {
  readonly key: IKey;
  readonly pattern: EventPattern;
  readonly to: PosternFunction;
  /** Of that function. */
  readonly seconds: number;
  /** Events that are handed over together, and how long they are waited for; the function says which of them failed. */
  readonly batch: { readonly size: number; readonly seconds: number };
  /** Calls at one time. */
  readonly concurrency: number;
}

/** An event is tried ten times, then it lies in the dead letters for two weeks, and an alarm says so. */
export class Feed extends Construct {
  readonly queue: Queue;
  readonly dead: Queue;

  constructor(scope: Construct, id: string, { key, pattern, to, seconds, batch, concurrency }: FeedProps) {
    super(scope, id);
    const kept = {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    };
    this.dead = new Queue(this, "Dead", kept);
    this.queue = new Queue(this, "Queue", {
      ...kept,
      visibilityTimeout: Duration.seconds(6 * seconds),
      deadLetterQueue: { queue: this.dead, maxReceiveCount: 10 },
    });
    // CDK lets EventBridge in from anywhere where a queue is encrypted: another account's rule could send notices.
    this.queue.addToResourcePolicy(
      new PolicyStatement({
        sid: "OwnEvents",
        effect: Effect.DENY,
        principals: [new ServicePrincipal("events.amazonaws.com")],
        actions: ["sqs:SendMessage"],
        resources: [this.queue.queueArn],
        conditions: {
          Null: { "aws:SourceAccount": "false" },
          StringNotEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID },
        },
      }),
    );
    new Rule(this, "Rule", { eventPattern: pattern, targets: [new SqsQueue(this.queue)] });
    to.addEventSource(
      new SqsEventSource(this.queue, {
        reportBatchItemFailures: true,
        batchSize: batch.size,
        maxBatchingWindow: Duration.seconds(batch.seconds),
        maxConcurrency: concurrency,
      }),
    );
  }
}
