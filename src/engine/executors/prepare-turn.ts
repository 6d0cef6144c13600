import type { RoleName } from "../../core/role-name.ts";
import { compactPacket } from "../../core/workflow/compact-packet.ts";
import { buildPacket, type HandoffPacket, neededContents } from "../../core/workflow/packet.ts";
import { openFindings, treeAt, treeOf, type WorkflowState } from "../../core/workflow/state.ts";
import type { RoleTool } from "../../ports/role-tool.ts";
import type { Role } from "../../ports/role.ts";
import type { Toolbox } from "../../ports/toolbox.ts";
import { sha256 } from "../hash.ts";
import type { Conversation } from "../journaled-call.ts";
import type { ModelCatalogue } from "../model-catalogue.ts";
import type { ModelMeter } from "../model-meter.ts";
import type { ModelRouter } from "../model-router.ts";
import type { StepContext } from "../step-executor.ts";
import { definitionsOf, type ToolSession, type ToolUse } from "../tool-loop.ts";
import type { TreeDiffs } from "../tree-diffs.ts";
import { ArtifactTree } from "../working-tree.ts";

export type RoleExecutorParts = {
  readonly roles: Readonly<Record<RoleName, Role>>;
  readonly catalogue: ModelCatalogue;
  readonly router: ModelRouter;
  readonly meter: ModelMeter;
  readonly toolbox: Toolbox;
  readonly diffs: TreeDiffs;
};

/** What a role is told, and what it may do meanwhile. */
export type PreparedTurn = {
  readonly conversation: Conversation;
  readonly session: ToolSession;
};

type Turn = {
  readonly role: RoleName;
  readonly reference: string;
  /** Whether the model can be given tools. */
  readonly withTools: boolean;
  readonly shorten: boolean;
  readonly used: ToolUse;
};

/** Characters of a diff that a repair is shown. */
const LONGEST_DIFF = 40_000;

export async function prepareTurn(
  parts: RoleExecutorParts,
  context: StepContext,
  { role: roleName, reference, withTools, shorten, used }: Turn,
): Promise<PreparedTurn> {
  const role = parts.roles[roleName];
  const state = context.state();
  const { step, storage } = context;
  const hashes = neededContents(state, step).map((artifact) => artifact.hash);
  const whole = buildPacket(
    state,
    { ...step, role: roleName },
    {
      models: roleName === "director" ? await parts.router.choices(state) : [],
      default_model: reference,
      contents: hashes.length === 0 ? new Map() : await storage.readBlobs(hashes),
      diff: roleName === "architect" ? await diffSinceFindings(parts.diffs, context, state) : null,
    },
  );
  const packet: HandoffPacket = shorten ? compactPacket(whole) : whole;
  const files = roleName === "implementer" ? treeAt(state, step.base) : treeOf(state);
  const tree = new ArtifactTree(storage, files);
  const tools = withTools ? await openTools(parts.toolbox, context, { role: roleName, tree }) : [];
  const prompt = await promptOf(role, context);
  return {
    conversation: {
      role: roleName,
      instructions: role.instructions(prompt.text, state.head.mode),
      schema: role.schema(packet),
      messages: [{ role: "user", content: role.render(packet) }],
      tools: definitionsOf(tools),
      sent: null,
      prompt_hash: prompt.hash,
      packet_hash: sha256(JSON.stringify(packet)),
    },
    session: { tools, tree, used, succeeded: [] },
  };
}

async function promptOf(role: Role, { state, storage }: StepContext) {
  const { prompts } = state().settings;
  const hash = prompts.find((prompt) => prompt.role === role.name)?.hash ?? role.prompt.hash;
  const text = hash === role.prompt.hash ? role.prompt.text : await storage.readBlob(hash);
  if (text === null) throw new Error(`the prompt of ${role.name} with hash ${hash} is not stored`);
  return { hash, text };
}

/** Tools that look at the tree are of no use while there is none. */
async function openTools(
  toolbox: Toolbox,
  context: StepContext,
  { role, tree }: { readonly role: RoleName; readonly tree: ArtifactTree },
): Promise<readonly RoleTool[]> {
  const { config, signal, storage, step } = context;
  const state = context.state();
  if (config.max_tool_rounds === 0) return [];
  const tools = await toolbox.open({
    role,
    place: { tenant_id: state.head.tenant_id, workflow_id: state.head.id },
    tree,
    granted: grantedTools(config.tools[role], state.settings.tools?.[role]),
    command_timeout_ms: config.command_timeout_s * 1000,
    lookUp: async (id) => {
      const receipt = state.receipts.get(id);
      if (receipt) return receipt.output_tail;
      const artifact = state.artifacts.get(id);
      const isThere =
        artifact && !artifact.deleted && (role !== "implementer" || artifact.ordinal <= step.base);
      return isThere ? storage.readBlob(artifact.hash) : null;
    },
    signal,
  });
  const isEmpty = tree.paths().length === 0;
  return role !== "implementer" && isEmpty ? tools.filter((tool) => !tool.local) : tools;
}

/** What a workflow asks for, as far as the configuration grants it. */
function grantedTools(
  configured: readonly string[] | undefined,
  asked: readonly string[] | undefined,
): readonly string[] | null {
  if (asked === undefined) return configured ?? null;
  return configured === undefined ? asked : asked.filter((name) => configured.includes(name));
}

/** What has changed since the oldest open finding was raised. */
async function diffSinceFindings(
  diffs: TreeDiffs,
  context: StepContext,
  state: WorkflowState,
): Promise<string | null> {
  const raised = openFindings(state).map((finding) => finding.raised_in_cycle);
  const from = Math.min(...raised);
  const newest = state.head.cycle - 1; // the last cycle that was judged
  if (raised.length === 0 || from >= newest) return null;
  const range = { from: `cycle-${from}`, to: `cycle-${newest}`, most: LONGEST_DIFF };
  try {
    return await diffs.between(state, context.storage, range);
  } catch (error) {
    context.logger.warn({ error, step_id: context.step.id }, "no diff could be made for the Architect");
    return null;
  }
}
