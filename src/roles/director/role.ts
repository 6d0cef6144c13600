import type { HandoffPacket } from "../../core/workflow/packet.ts";
import { defineRole } from "../define-role.ts";
import { requestSection } from "../render-request.ts";
import { inlineCode, type Section } from "../render-section.ts";
import { guidesSection, importedSection, treeSection } from "../render-tree.ts";

/** Chooses how the workflow runs. What the caller has given is shown as given; the core keeps it whatever the answer says. */
export const director = defineRole({
  name: "director",
  moduleUrl: import.meta.url,
  sections: (packet) => [
    givenSection(packet),
    modelsSection(packet),
    actionsSection(packet),
    importedSection(packet),
    guidesSection(packet),
    treeSection(packet, "Files of the tree"),
    requestSection(packet),
  ],
  references: ({ choices }) => {
    // Without a catalogue nothing is known, so nothing is forbidden.
    const models = choices.models.length === 0 ? [] : modelsToChooseFrom(choices);
    return {
      model: models,
      "role_models[].model": models,
      finalizer_action: choices.delivery_actions,
    };
  },
});

function givenSection(packet: HandoffPacket): Section {
  const lines = [
    packet.mode_is_given && packet.mode !== null ? `- Mode: ${packet.mode}` : null,
    packet.title_is_given ? `- Title: ${inlineCode(packet.title)}` : null,
  ].filter((line) => line !== null);
  return {
    heading: "Given by the caller, to be repeated as it is",
    body: lines.length === 0 ? null : lines.join("\n"),
  };
}

function modelsSection({ choices }: HandoffPacket): Section {
  const lines = modelsToChooseFrom(choices).map(
    (model) => `- ${inlineCode(model)}${model === choices.default_model ? " (default)" : ""}`,
  );
  return { heading: "Models", body: lines.length === 0 ? null : lines.join("\n") };
}

/** The default can always be chosen, also when its provider's catalogue does not name it. */
function modelsToChooseFrom({
  models,
  default_model: fallback,
}: HandoffPacket["choices"]): readonly string[] {
  return fallback === "" || models.includes(fallback) ? models : [fallback, ...models];
}

function actionsSection({ choices }: HandoffPacket): Section {
  const lines = choices.delivery_actions.map((action) => `- ${inlineCode(action)}`);
  return { heading: "Delivery actions", body: lines.length === 0 ? null : lines.join("\n") };
}
