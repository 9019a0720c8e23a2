// What looks after it: alarms, a dashboard, and counts of what logs say. Names, codes and numbers alone: nothing here can hold PHI.
import { CfnOutput, Duration, Stack, type StackProps } from "aws-cdk-lib";
import {
  Alarm,
  AlarmStatusWidget,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  type Metric,
  Stats,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Operation } from "aws-cdk-lib/aws-dynamodb";
import { Rule } from "aws-cdk-lib/aws-events";
import { SnsTopic } from "aws-cdk-lib/aws-events-targets";
import { FilterPattern, type IFilterPattern, type ILogGroup, MetricFilter } from "aws-cdk-lib/aws-logs";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import type { Settings } from "../settings.ts";
import type { ControlStack } from "./control-stack.ts";
import type { DataStack } from "./data-stack.ts";
import type { FlowStack } from "./flow-stack.ts";
import type { IdentityStack } from "./identity-stack.ts";
import type { KeysStack } from "./keys-stack.ts";
import type { ProxyStack } from "./proxy-stack.ts";

export interface WatchProps extends StackProps {
  readonly keys: KeysStack;
  readonly data: DataStack;
  readonly identity: IdentityStack;
  readonly control: ControlStack;
  readonly flow: FlowStack;
  readonly proxy: ProxyStack;
  readonly settings: Settings;
}

interface Watched {
  readonly metric: IMetric;
  /** Beyond it, somebody is told. */
  readonly above: number;
  /** What it means, and what to do. */
  readonly says: string;
  /** Minutes in a row. */
  readonly minutes?: number;
}

export class WatchStack extends Stack {
  readonly #topic: Topic;
  readonly #props: WatchProps;

  constructor(scope: Construct, id: string, props: WatchProps) {
    super(scope, id, props);
    this.#props = props;
    this.#topic = new Topic(this, "Alarms", { masterKey: props.keys.service, enforceSSL: true });
    for (const address of props.settings.alarms) this.#topic.addSubscription(new EmailSubscription(address));
    const watched = { ...this.gateway(), ...this.evidence(), ...this.witnesses(), ...this.work() };
    const alarms = Object.entries(watched).map(([name, one]) => this.alarm(name, one));
    this.watchKeys();
    this.draw(alarms);
    new CfnOutput(this, "AlarmTopic", { value: this.#topic.topicArn });
  }

  private gateway(): Record<string, Watched> {
    const { proxy, settings } = this.#props;
    const { targets, service } = proxy;
    const missing = new MathExpression({
      expression: `${settings.proxy.tasks.least} - healthy`,
      usingMetrics: { healthy: targets.metrics.healthyHostCount({ statistic: Stats.MINIMUM, period: MINUTE }) },
      label: "Gateways that are missing",
      period: MINUTE,
    });
    return {
      GatewaysMissing: {
        metric: missing,
        above: 0,
        minutes: 3,
        says: "Fewer gateways can serve than settings ask for: look at /readyz's words in the service's events.",
      },
      GatewayErrors: {
        metric: this.counted("Errors", LEVEL_ERROR),
        above: 0,
        says: "The gateway logged an error: its log says which, by code.",
      },
      GatewayCpu: {
        metric: service.metricCpuUtilization({ period: MINUTE }),
        above: 85,
        minutes: 10,
        says: "Gateways are busy, and scaling does not keep up: raise proxy.tasks.most.",
      },
      GatewayMemory: {
        metric: service.metricMemoryUtilization({ period: MINUTE }),
        above: 85,
        minutes: 5,
        says: "Gateways are short of memory: raise proxy.memory, or lower proxy.sessions.",
      },
    };
  }

  private evidence(): Record<string, Watched> {
    const { data } = this.#props;
    const journal = [Operation.PUT_ITEM, Operation.BATCH_WRITE_ITEM];
    return {
      EvidenceProblems: {
        metric: this.counted("EvidenceProblems", EVIDENCE),
        above: 0,
        says: "Evidence could not be written: commands are refused until it can.",
      },
      JournalThrottled: {
        metric: data.journal.metricThrottledRequestsForOperations({ operations: journal, period: MINUTE }),
        above: 0,
        says: "DynamoDB slows the journal down: every command waits for it.",
      },
      JournalFailing: {
        metric: data.journal.metricSystemErrorsForOperations({ operations: journal, period: MINUTE }),
        above: 0,
        says: "DynamoDB fails the journal: commands are refused meanwhile.",
      },
    };
  }

  private witnesses(): Record<string, Watched> {
    const { cosign } = this.#props.flow;
    if (cosign === null) return {};
    return {
      HeadsDisputed: {
        metric: this.counted("HeadsDisputed", DISPUTED, { log: cosign.logGroup }),
        above: 0,
        says: "A witness has seen another ledger than this one, or a larger one: the log of cosign-ledger names it. Whoever has the ledger's key and the bucket has to explain it.",
      },
      HeadsUncosigned: {
        metric: this.counted("HeadsUncosigned", UNCOSIGNED, { log: cosign.logGroup, period: QUARTER }),
        above: MISSED,
        says: "For a quarter of an hour the ledger's head has not been cosigned by enough witnesses: the log of cosign-ledger names them, and says why. Evidence is written all the same.",
      },
    };
  }

  private work(): Record<string, Watched> {
    const { identity, control, flow } = this.#props;
    const alarms: Record<string, Watched> = {
      WorkflowFailed: {
        metric: control.workflow.metricFailed({ period: MINUTE }),
        above: 0,
        says: "A workflow of an approval failed: its request may expire without anybody having been asked.",
      },
    };
    for (const fn of [...identity.functions, ...control.functions, ...flow.functions])
      alarms[`Function-${fn.node.id}`] = {
        metric: fn.metricErrors({ period: MINUTE }),
        above: 0,
        says: `${fn.node.id} failed: its log says why, in words that hold no data.`,
      };
    for (const { node, queue, dead } of flow.feeds) {
      alarms[`Dead-${node.id}`] = {
        metric: dead.metricApproximateNumberOfMessagesVisible({ period: MINUTE, statistic: Stats.MAXIMUM }),
        above: 0,
        says: "Notices could not be handled after ten tries, and lie in the dead letters: docs/operations.md says how to try them again.",
      };
      alarms[`Late-${node.id}`] = {
        metric: queue.metricApproximateAgeOfOldestMessage({ period: MINUTE }),
        above: LATE_SECONDS,
        says: "Notices wait longer than a quarter of an hour: ledger or index are behind the evidence.",
      };
    }
    return alarms;
  }

  /** Counts lines of a log, which is the gateway's unless another is named. */
  private counted(
    name: string,
    filterPattern: IFilterPattern,
    { log = this.#props.proxy.log, period = MINUTE }: { readonly log?: ILogGroup; readonly period?: Duration } = {},
  ): Metric {
    return new MetricFilter(this, `Count-${name}`, {
      logGroup: log,
      filterPattern,
      metricNamespace: this.stackName,
      metricName: name,
      metricValue: "1",
      defaultValue: 0,
    }).metric({ statistic: Stats.SUM, period });
  }

  private alarm(name: string, { metric, above, says, minutes = 1 }: Watched): Alarm {
    const alarm = new Alarm(this, name, {
      metric,
      alarmDescription: says,
      threshold: above,
      evaluationPeriods: minutes,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: name === "GatewaysMissing" ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.#topic));
    return alarm;
  }

  /** A key that is disabled or about to go makes evidence unreadable: that is somebody's to know within minutes. Needs CloudTrail in the account. */
  private watchKeys(): void {
    new Rule(this, "KeysInDanger", {
      description: "Somebody disables or deletes a key",
      eventPattern: {
        source: ["aws.kms"],
        detailType: ["AWS API Call via CloudTrail"],
        detail: {
          eventSource: ["kms.amazonaws.com"],
          eventName: ["DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy"],
        },
      },
      targets: [new SnsTopic(this.#topic)],
    });
  }

  private draw(alarms: Alarm[]): void {
    const { proxy, data } = this.#props;
    const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 12 });
    new Dashboard(this, "Dashboard", {
      dashboardName: this.stackName,
      defaultInterval: Duration.hours(12),
      widgets: [
        [
          graph("Connections", [activeFlows(proxy)]),
          graph("Gateways", [proxy.targets.metrics.healthyHostCount(), proxy.targets.metrics.unHealthyHostCount()]),
        ],
        [
          graph("CPU and memory", [proxy.service.metricCpuUtilization(), proxy.service.metricMemoryUtilization()]),
          graph("Journal: time of a write", [
            data.journal.metricSuccessfulRequestLatency({
              dimensionsMap: { TableName: data.journal.tableName, Operation: "PutItem" },
            }),
          ]),
        ],
        [new AlarmStatusWidget({ title: "Alarms", alarms, width: 24, height: 6 })],
      ],
    });
  }
}

const MINUTE = Duration.minutes(1);
const QUARTER = Duration.minutes(15);
/** Of the fifteen calls in that time: one that failed, and was made up for, is nobody's alarm. */
const MISSED = 10;
const LATE_SECONDS = 15 * 60;
const LEVEL_ERROR = FilterPattern.stringValue("$.level", "=", "error");
/** Words of `functions/src/cosign-ledger`. */
const UNCOSIGNED = FilterPattern.literal('"short of its quorum of witnesses"');
const DISPUTED = FilterPattern.literal('"disputed by a witness"');
const EVIDENCE = FilterPattern.all(LEVEL_ERROR, FilterPattern.stringValue("$.what", "=", "evidence"));

function activeFlows({ balancer }: ProxyStack): IMetric {
  return balancer.metrics.activeFlowCount({ period: MINUTE, statistic: Stats.AVERAGE });
}
