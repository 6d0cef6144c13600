import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { type Mode, MODES, type RoleName } from "../core/role-name.ts";
import type { RolePrompt } from "../ports/role.ts";

/** Reads `prompt.md` beside the module whose `import.meta.url` is given, and addresses it by its SHA-256. */
export function loadPrompt(role: RoleName, moduleUrl: string): RolePrompt {
  const text = readFileSync(new URL("./prompt.md", moduleUrl), "utf8");
  return { role, hash: createHash("sha256").update(text).digest("hex"), text };
}

export function modeHeading(mode: Mode): string {
  return `# In ${mode} mode`;
}

const HEADINGS: ReadonlyMap<string, Mode> = new Map(MODES.map((mode) => [modeHeading(mode), mode]));

/** The base of a prompt text and its section for each mode, headings included; a later section of a mode is ignored. */
export function splitPrompt(text: string): {
  readonly base: string;
  readonly modes: ReadonlyMap<Mode, string>;
} {
  const base: string[] = [];
  const sections = new Map<Mode, string[]>();
  let lines = base;
  for (const line of text.split(/\r?\n/)) {
    const mode = HEADINGS.get(line.trimEnd());
    if (mode !== undefined) {
      lines = [];
      if (!sections.has(mode)) sections.set(mode, lines);
    }
    lines.push(line);
  }
  const modes = new Map([...sections].map(([mode, section]) => [mode, section.join("\n").trim()]));
  return { base: base.join("\n").trim(), modes };
}

/** The base and the section of the mode; the base alone while no mode is chosen, or when the text has no section for it. */
export function instructionsFrom(promptText: string, mode: Mode | null): string {
  const { base, modes } = splitPrompt(promptText);
  const section = mode === null ? undefined : modes.get(mode);
  return section === undefined ? base : `${base}\n\n${section}`;
}
