import { kindOf } from "../core/artifact-kind.ts";
import { citationKey, resolves } from "../core/citation.ts";
import { type OutputReview, reviewOutput } from "../core/role-contract.ts";
import { ImplementerOutput, QaOutput, ROLE_OUTPUTS } from "../core/role-output.ts";
import type { Blob } from "../core/workflow/commit.ts";
import type { overtakenPaths } from "../core/workflow/decide/overtaken.ts";
import { openFindings, type WorkflowState } from "../core/workflow/state.ts";
import { absentAsNull } from "./absent-as-null.ts";
import { blobOf } from "./hash.ts";
import type { Conversation } from "./journaled-call.ts";
import type { StepContext } from "./step-executor.ts";
import type { ArtifactTree } from "./working-tree.ts";

export type ReadAnswer = {
  /** What `decide` gets: the role's output with contents moved into `blobs`. */
  readonly output: Readonly<Record<string, unknown>>;
  readonly blobs: readonly Blob[];
  /** What the Implementer's output writes and deletes, good or not. */
  readonly touched: Parameters<typeof overtakenPaths>[2];
  /** Keys of the citations that were found where they point. */
  readonly resolved: readonly string[];
  readonly review: Pick<OutputReview, "faults" | "omissions" | "foreign">;
};

type Asked = Pick<Conversation, "role" | "schema">;

/** Reads a model's text as the output of a role. Faults say what to mend; the output is only good without them. */
export async function readAnswer(
  context: Pick<StepContext, "state">,
  { role, schema }: Asked,
  { tree }: { readonly tree: ArtifactTree },
  text: string,
): Promise<ReadAnswer> {
  const state = context.state();
  const value = parseObject(text);
  if (value === null) return unusable([`the answer is not one JSON object; it begins with ${excerpt(text)}`]);
  const output = absentAsNull(schema, value) as Record<string, unknown>;
  const parsed = ROLE_OUTPUTS[role].safeParse(output);
  if (!parsed.success) {
    const review = reviewOutput(state, role, output);
    const faults = parsed.error.issues.map(
      (issue) => `${issue.path.join(".") || "(root)"}: ${issue.message}`,
    );
    return {
      ...unusable(faults),
      review: { faults, omissions: [], foreign: spoken(review.foreign, output) },
    };
  }
  const stored =
    role === "implementer"
      ? storedWork(output, ImplementerOutput.parse(output), tree)
      : { output, blobs: [], faults: [], touched: NOTHING };
  const { faults, omissions, foreign } = reviewOutput(state, role, stored.output);
  const resolved = role === "qa" ? await resolvedCitations(state, tree, QaOutput.parse(output)) : [];
  const review = {
    faults: [...stored.faults, ...faults],
    omissions,
    foreign: spoken(foreign, output),
  };
  return { output: stored.output, blobs: stored.blobs, touched: stored.touched, resolved, review };
}

function unusable(faults: readonly string[]): ReadAnswer {
  return {
    output: {},
    blobs: [],
    touched: NOTHING,
    resolved: [],
    review: { faults, omissions: [], foreign: [] },
  };
}

const NOTHING: ReadAnswer["touched"] = { artifacts: [], deleted: [] };

type StoredWork = Pick<ReadAnswer, "output" | "blobs" | "touched"> & { readonly faults: readonly string[] };

/** Contents as blobs; what was written with tools is taken from the tree, whether the answer names it or not. */
function storedWork(
  output: Readonly<Record<string, unknown>>,
  { artifacts, deleted }: ImplementerOutput,
  tree: ArtifactTree,
): StoredWork {
  const { written } = tree;
  const faults: string[] = [];
  const files = artifacts.flatMap(({ path, kind, description, content }) => {
    const text = content ?? written.get(path);
    if (text !== undefined) return [{ path, kind, description, content: text }];
    faults.push(`artifact ${path} has no content, and no tool has written it`);
    return [];
  });
  const named = new Set(files.map(({ path }) => path));
  for (const [path, content] of written) {
    if (!named.has(path)) files.push({ path, kind: kindOf(path), description: "", content });
  }
  const kept = new Set(files.map(({ path }) => path));
  const gone = [...new Set([...deleted, ...tree.deleted])].filter((path) => !kept.has(path));
  const blobs = files.map(({ content }) => blobOf(content));
  const references = files.map(({ path, kind, description, content }, index) => ({
    path,
    kind,
    description,
    hash: blobs[index]?.hash,
    size: Buffer.byteLength(content, "utf8"),
  }));
  const touched = { artifacts: files, deleted: gone };
  return { output: { ...output, artifacts: references, deleted: gone }, blobs, faults, touched };
}

async function resolvedCitations(
  state: WorkflowState,
  tree: ArtifactTree,
  { criteria, findings }: QaOutput,
): Promise<string[]> {
  const resolved = new Set<string>();
  // Those of open findings as well: what they showed may still be there.
  const told = [...criteria, ...findings, ...openFindings(state)];
  for (const citation of told.flatMap(({ citations }) => citations)) {
    const receipt = state.receipts.get(citation.path);
    const content =
      receipt?.cycle === state.head.cycle ? receipt.output_tail : await tree.read(citation.path);
    if (resolves(citation, content)) resolved.add(citationKey(citation));
  }
  return [...resolved];
}

/** Accepts the bare object and, from models without structured output, one fenced block around it. */
function parseObject(text: string): Record<string, unknown> | null {
  const fenced = /^[^{]*?```(?:json)?\s*\n([\s\S]*?)\n```\s*$/.exec(text.trim());
  for (const candidate of [text, fenced?.[1]]) {
    if (candidate === undefined) continue;
    const value = parsedOrNull(candidate);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  }
  return null;
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Foreign fields that say something: to ask again for an empty list would cost a call and bring nothing. */
function spoken(foreign: readonly string[], output: Readonly<Record<string, unknown>>): string[] {
  return foreign.filter((field) => {
    const value = output[field];
    if (value === null || value === "") return false;
    return typeof value !== "object" || value === undefined || Object.keys(value).length > 0;
  });
}

const EXCERPT = 100;

function excerpt(text: string): string {
  const characters = Array.from(text.trim());
  return JSON.stringify(
    characters.length > EXCERPT ? `${characters.slice(0, EXCERPT).join("")}…` : text.trim(),
  );
}
