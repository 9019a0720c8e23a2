import type { IGrantable } from "aws-cdk-lib/aws-iam";

/** A part of the system that is given permissions: a function, or the proxy's task. */
export type Part = IGrantable;
