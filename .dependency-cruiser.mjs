// Who may import whom. The shape is ARCHITECTURE.md's; test/architecture plants a violation of each rule and sees it caught here.

const PRODUCT = "^(fargate-proxy|functions|cli|infra|test)/";
const SOCKETS = ["^(node:)?(net|tls|dgram|http|https|http2)$"];

/** @param {string} name @param {string} comment @param {object} from @param {object} to */
const forbid = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

// biome-ignore lint/style/noDefaultExport: dependency-cruiser reads the default export
export default {
  forbidden: [
    forbid(
      "shared-imports-nothing-of-ours",
      "shared holds the words that every part uses: it depends on none of them",
      { path: "^shared/" },
      { path: PRODUCT },
    ),
    forbid(
      "shared-is-pure",
      "shared runs anywhere: time, randomness, hashing and I/O are passed in",
      { path: "^shared/" },
      { dependencyTypes: ["core"] },
    ),
    forbid("no-cycles", "two files that need each other are one file, or three", {}, { circular: true }),
    forbid(
      "protocols-are-alone",
      "a protocol never imports another: what two of them need belongs to the gate or to shared",
      { path: "^fargate-proxy/src/protocols/([^/]+)/" },
      { path: "^fargate-proxy/src/protocols/", pathNot: "^fargate-proxy/src/protocols/$1/" },
    ),
    forbid(
      "aws-sdk-at-the-rim",
      "the AWS SDK appears in adapters and in the rims of functions only",
      {
        path: "^(shared|fargate-proxy|functions|cli)/",
        pathNot: "^fargate-proxy/src/adapters/|^functions/src/adapters/|^functions/src/[^/]+/handler[.]ts$",
      },
      { path: "(^|/)node_modules/(@aws-sdk|@smithy|aws-sdk)/|^(@aws-sdk|@smithy)/" },
    ),
    forbid(
      "sockets-at-the-rim",
      "only adapters and a protocol's serve.ts touch sockets: all else is a function that a test can call",
      {
        path: "^(shared|fargate-proxy|functions)/",
        pathNot: "^fargate-proxy/src/adapters/|^fargate-proxy/src/protocols/[^/]+/serve[.]ts$",
      },
      { path: SOCKETS, dependencyTypes: ["core"] },
    ),
    forbid(
      "only-the-gate-mints-permits",
      "a permit is made in gate/session.ts alone, where evidence comes first; everybody else may name the type, and tests may look at it",
      { path: "^(shared|fargate-proxy|functions|cli|infra)/", pathNot: "^fargate-proxy/src/gate/session[.]ts$" },
      { path: "^fargate-proxy/src/gate/permit[.]ts$", dependencyTypesNot: ["type-only"] },
    ),
    forbid(
      "the-core-knows-no-adapter",
      "gate and ports say what they need; main.ts hands it to them",
      { path: "^fargate-proxy/src/(gate|ports)/|^fargate-proxy/src/protocol[.]ts$" },
      { path: "^fargate-proxy/src/(adapters|recorder|protocols)/|^fargate-proxy/src/(main|config)[.]ts$" },
    ),
    forbid(
      "functions-are-alone",
      "a function folder imports itself, shared, the functions' adapters, and the one middleware file",
      { path: "^functions/src/([^/]+)/" },
      {
        path: "^(functions|fargate-proxy|cli|infra|test)/",
        pathNot: "^functions/src/$1/|^functions/src/adapters/|^functions/src/(middleware|settings)[.]ts$",
      },
    ),
    forbid(
      "proxy-imports-shared-and-itself",
      "only an adapter may call a function in process (the local home of a Lambda)",
      { path: "^fargate-proxy/", pathNot: "^fargate-proxy/src/adapters/" },
      { path: "^(functions|cli|infra|test)/" },
    ),
    forbid(
      "adapters-reach-no-further-than-functions",
      "an adapter imports the proxy, shared and a function; never the command line, infrastructure or tests",
      { path: "^fargate-proxy/src/adapters/" },
      { path: "^(cli|infra|test)/" },
    ),
    forbid(
      "infra-names-code-by-path",
      "infrastructure deploys code, or spawns it; it never imports it",
      { path: "^infra/" },
      { path: "^(fargate-proxy|functions|cli|test)/" },
    ),
    forbid(
      "cli-uses-ports-and-adapters",
      "the command line may use shared and the proxy's ports and adapters, and nothing that decides",
      { path: "^cli/" },
      {
        path: "^(fargate-proxy|functions|infra|test)/",
        pathNot: "^fargate-proxy/src/(adapters|ports)/",
      },
    ),
    forbid(
      "no-development-dependency-in-the-product",
      "what runs in production is a dependency, not a development dependency",
      { path: "^(shared|fargate-proxy|functions)/" },
      { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only", "npm"] },
    ),
    forbid(
      "everything-resolves",
      "an import that cannot be resolved hides what it imports",
      {},
      { couldNotResolve: true },
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "/not-compile/|^infra/cdk[.]out/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      extensions: [".ts", ".mjs", ".js", ".json", ".d.ts"],
      mainFields: ["module", "main", "types"],
    },
  },
};
