import type { RoleName } from "../core/role-name.ts";
import { ROLE_OUTPUTS } from "../core/role-output.ts";
import type { HandoffPacket } from "../core/workflow/packet.ts";
import type { Role } from "../ports/role.ts";
import { instructionsFrom, loadPrompt } from "./prompt-text.ts";
import { type Sections, renderSections } from "./render-section.ts";
import { type References, strictSchema, withReferences } from "./strict-schema.ts";

export type RoleDefinition = {
  readonly name: RoleName;
  /** `import.meta.url` of the role's module; its prompt lies beside it. */
  readonly moduleUrl: string;
  /** What the role is shown, in reading order: what stays the same between its calls first, what is asked last. */
  readonly sections: (packet: HandoffPacket) => Sections;
  /** The outputs that name something of the packet. */
  readonly references?: (packet: HandoffPacket) => References;
};

/** Makes a role of its definition. The prompt is read when the module is loaded, the schema is built once, when it is first asked for. */
export function defineRole({ name, moduleUrl, sections, references = () => ({}) }: RoleDefinition): Role {
  let schema: ReturnType<typeof strictSchema> | undefined;
  return {
    name,
    prompt: loadPrompt(name, moduleUrl),
    instructions: instructionsFrom,
    render: (packet) => renderSections(sections(packet)),
    schema: (packet) => withReferences((schema ??= strictSchema(ROLE_OUTPUTS[name])), references(packet)),
  };
}
