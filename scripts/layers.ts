/** What one folder of src/ may import besides itself. */
interface Layer {
  mayImport: readonly string[];
  /** The only packages it may use; any package but those of SQL when this is missing. */
  packages?: readonly string[];
  /** What each of its folders is, when they must not know one another. */
  eachFolderIs?: string;
}

/** The layer rules: the linter gets its import rules from here, and `check:layers` proves that they bite. */
export const layers: Readonly<Record<string, Layer>> = {
  core: { mayImport: [], packages: ["zod"] },
  contract: { mayImport: ["core"], packages: ["zod", "@hono/zod-openapi"] },
  ports: { mayImport: ["core"], packages: ["zod"] },
  engine: { mayImport: ["core", "ports"] },
  storage: { mayImport: ["core", "ports", "files"] },
  roles: { mayImport: ["core", "ports"], eachFolderIs: "role" },
  providers: { mayImport: ["core", "ports", "egress"], eachFolderIs: "vendor" },
  files: { mayImport: ["core"] },
  delivery: {
    mayImport: ["core", "ports", "files", "bundle", "webhooks", "workspace"],
    eachFolderIs: "delivery action",
  },
  bundle: { mayImport: ["core", "ports"] },
  secrets: { mayImport: ["core", "ports"] },
  webhooks: { mayImport: ["core", "ports", "config"] },
  hooks: { mayImport: ["core", "ports", "config"] },
  limits: { mayImport: ["core", "ports"] },
  prices: { mayImport: ["core", "ports", "config"] },
  spend: { mayImport: ["core", "ports", "config"] },
  maintenance: { mayImport: ["core", "ports"] },
  telemetry: { mayImport: ["core", "ports"] },
  config: { mayImport: ["core"] },
  egress: { mayImport: ["core", "ports"] },
  sandbox: { mayImport: ["core", "ports"] },
  workspace: { mayImport: ["core", "ports", "files", "egress"] },
  toolchains: { mayImport: ["core", "ports"] },
  validation: { mayImport: ["core", "ports"] },
  mcp: { mayImport: ["core", "ports", "config"] },
  tools: { mayImport: ["core", "ports"] },
  server: { mayImport: ["core", "contract", "ports", "engine", "config", "bundle", "hooks"] },
  demo: { mayImport: ["core"] },
  cli: { mayImport: ["core", "contract", "config", "files", "demo"] },
};

/** The commands that start an engine of their own instead of talking to a server. */
const commandsThatStartTheApp = "src/cli/commands/{serve,run,demo,doctor,migrate,backup,restore,prune}.ts";

interface ImportPattern {
  group?: string[];
  regex?: string;
  message: string;
}

/** The rules of one set of files. Where several match a file, the last one counts alone. */
interface ImportRules {
  files: string[];
  rules: { "no-restricted-imports": ["error", { patterns: ImportPattern[] }] };
}

/** One override per folder of src/, for the linter. */
export function layerRules(): ImportRules[] {
  return [
    restrict("src/**", sqlStaysInStorage, requestsStayInEgress),
    ...Object.entries(layers).flatMap(([name, layer]) => rulesOf(name, layer)),
    restrict(commandsThatStartTheApp, ...patternsOf("cli", layers["cli"]!, ["app"])),
  ];
}

function rulesOf(name: string, layer: Layer): ImportRules[] {
  const patterns = patternsOf(name, layer);
  const rules = [restrict(`src/${name}/**`, ...patterns)];
  if (layer.eachFolderIs === undefined) return rules;
  const message = `one ${layer.eachFolderIs} does not know another`;
  return [
    ...rules,
    restrict(`src/${name}/*/*.ts`, ...patterns, { regex: String.raw`^\.\./[^./][^/]*/`, message }),
    restrict(`src/${name}/*/*/**`, ...patterns, { regex: String.raw`^\.\./\.\./[^./][^/]*/`, message }),
  ];
}

function patternsOf(name: string, layer: Layer, also: string[] = []): ImportPattern[] {
  const allowed = [...layer.mayImport, ...also];
  const forbidden = [...Object.keys(layers), "app"].filter(
    (other) => other !== name && !allowed.includes(other),
  );
  const otherLayers = {
    regex: String.raw`^(\.\./)+(${forbidden.join("|")})(/|\.ts$)`,
    message: `src/${name} may import ${allowed.length > 0 ? allowed.join(", ") : "no other layer"}`,
  };
  if (layer.packages === undefined) {
    return [
      otherLayers,
      ...(mayQuery.has(name) ? [] : [sqlStaysInStorage]),
      ...(mayConnect.has(name) ? [] : [requestsStayInEgress]),
    ];
  }
  const otherPackages = {
    group: ["**", "!./**", "!../**", ...layer.packages.map((known) => `!${known}`)],
    message: `src/${name} takes no package but ${layer.packages.join(", ")}`,
  };
  return [otherLayers, otherPackages];
}

const sqlStaysInStorage: ImportPattern = {
  regex: "^(kysely|pg|node:sqlite)(/|$)",
  message: "SQL stays in src/storage",
};

/** `validation` asks tables that it keeps in memory, in a process of their own. */
const mayQuery: ReadonlySet<string> = new Set(["storage", "validation"]);

/** Where connections are made or taken: outgoing ones for what nobody but the operator chooses. */
const mayConnect: ReadonlySet<string> = new Set(["egress", "server", "storage", "sandbox", "cli"]);
const requestsStayInEgress: ImportPattern = {
  regex: "^(undici|(node:)?(https?|http2|net|tls|dgram|dns))(/|$)",
  message: "requests leave through src/egress, which decides what may be reached",
};

const onlyProductionCode: ImportPattern = {
  regex: String.raw`^(\.\./)+(test|bench|scripts)/|\.(test|testsuite)\.ts$`,
  message: "production code does not import tests, benchmarks or scripts",
};

const processIsGlobal: ImportPattern = {
  regex: "^(node:)?process$",
  message: "the global process is enough, and only src/config and src/cli read its env",
};

function restrict(files: string, ...patterns: ImportPattern[]): ImportRules {
  return {
    files: [files],
    rules: {
      "no-restricted-imports": ["error", { patterns: [...patterns, onlyProductionCode, processIsGlobal] }],
    },
  };
}
