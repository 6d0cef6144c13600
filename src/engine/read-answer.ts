import { type OutputReview, reviewOutput } from "../core/role-contract.ts";
import type { RoleName } from "../core/role-name.ts";
import { ImplementerOutput, ROLE_OUTPUTS } from "../core/role-output.ts";
import type { Blob } from "../core/workflow/commit.ts";
import type { WorkflowState } from "../core/workflow/state.ts";
import type { JsonSchema } from "../ports/chat-model.ts";
import { absentAsNull } from "./absent-as-null.ts";
import { blobOf } from "./hash.ts";

export type ReadAnswer = {
  /** What `decide` gets: the role's output with contents moved into `blobs`. */
  readonly output: Readonly<Record<string, unknown>>;
  readonly blobs: readonly Blob[];
  readonly review: Pick<OutputReview, "faults" | "omissions" | "foreign">;
};

/** Reads a model's text as the output of a role. Faults say what to mend; the output is only good without them. */
export function readAnswer(
  state: WorkflowState,
  role: RoleName,
  schema: JsonSchema,
  text: string,
): ReadAnswer {
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
      ? withReferences(output, ImplementerOutput.parse(output).artifacts)
      : { output, blobs: [] };
  const { faults, omissions, foreign } = reviewOutput(state, role, stored.output);
  return { ...stored, review: { faults, omissions, foreign: spoken(foreign, output) } };
}

function unusable(faults: readonly string[]): ReadAnswer {
  return { output: {}, blobs: [], review: { faults, omissions: [], foreign: [] } };
}

function withReferences(
  output: Readonly<Record<string, unknown>>,
  artifacts: ImplementerOutput["artifacts"],
): Pick<ReadAnswer, "output" | "blobs"> {
  const blobs = artifacts.map((artifact) => blobOf(artifact.content));
  const references = artifacts.map(({ path, kind, description, content }, index) => ({
    path,
    kind,
    description,
    hash: blobs[index]?.hash,
    size: Buffer.byteLength(content, "utf8"),
  }));
  return { output: { ...output, artifacts: references }, blobs };
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
