// The rule that `process.env` is read in one file per part, held on syntax trees: no comment or string can trip it, and no
// renaming import or destructuring can hide from it. Linters know only the plain spelling.
import { readFileSync } from "node:fs";
import ts from "typescript";

/** The files that may read the environment: what they read is all that the environment can change. */
export const ENVIRONMENT_FILES: readonly string[] = [
  "fargate-proxy/src/config.ts",
  "functions/src/settings.ts",
  "cli/src/settings.ts",
  "infra/local/settings.ts",
  "test/support/settings.ts",
  // Programs of their own, which the conformance suite starts as anybody's client would be started.
  "test/conformance/clients/connection.ts",
];

/** @returns the 1-based lines on which a source text reaches for the process's environment */
export function environmentReads(path: string, text: string): number[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const lines: number[] = [];
  const visit = (node: ts.Node): void => {
    if (reads(node)) lines.push(source.getLineAndCharacterOfPosition(node.getStart()).line + 1);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return lines;
}

/** @returns `path:line` of every read outside the files that may */
export function environmentViolations(root: string, paths: readonly string[]): string[] {
  return paths
    .filter((path) => !ENVIRONMENT_FILES.includes(path))
    .flatMap((path) =>
      environmentReads(path, readFileSync(`${root}/${path}`, "utf8")).map((line) => `${path}:${line}`),
    );
}

function reads(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) return node.name.text === "env" && isProcess(node.expression);
  if (ts.isElementAccessExpression(node))
    return (
      isProcess(node.expression) &&
      !(ts.isStringLiteral(node.argumentExpression) && node.argumentExpression.text !== "env")
    );
  if (ts.isVariableDeclaration(node) && node.initializer !== undefined && isProcess(node.initializer))
    return ts.isIdentifier(node.name) || node.name.elements.some((e) => takesEnv(e));
  if (ts.isImportDeclaration(node)) return importsEnv(node);
  return false;
}

/** `process`, `globalThis.process`, `(process)`, `process as T` */
function isProcess(node: ts.Expression): boolean {
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node))
    return isProcess(node.expression);
  if (ts.isIdentifier(node)) return node.text === "process";
  return ts.isPropertyAccessExpression(node) && node.name.text === "process";
}

function takesEnv(element: ts.BindingElement | ts.OmittedExpression): boolean {
  if (!ts.isBindingElement(element)) return false;
  if (element.dotDotDotToken !== undefined) return true;
  return (element.propertyName ?? element.name).getText() === "env";
}

function importsEnv(node: ts.ImportDeclaration): boolean {
  const from = ts.isStringLiteral(node.moduleSpecifier) ? node.moduleSpecifier.text : "";
  if (from !== "node:process" && from !== "process") return false;
  const clause = node.importClause;
  if (clause?.name !== undefined && clause.name.text !== "process") return true;
  const bindings = clause?.namedBindings;
  if (bindings === undefined) return false;
  if (ts.isNamespaceImport(bindings)) return bindings.name.text !== "process";
  return bindings.elements.some((e) => ["env", "default"].includes((e.propertyName ?? e.name).text));
}
