import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { MODES, type RoleName } from "../core/role-name.ts";
import { ROLE_OUTPUTS } from "../core/role-output.ts";
import type { HandoffPacket } from "../core/workflow/packet.ts";
import type { Role } from "../ports/role.ts";
import { misfits, strictModeFaults } from "./json-schema.testsuite.ts";
import { modeHeading, splitPrompt } from "./prompt-text.ts";
import { sampleOutputs } from "./sample-outputs.testsuite.ts";
import { marked, samplePacket, type Writer } from "./sample-packet.testsuite.ts";

const { flagWords: bannedWords } = JSON.parse(
  readFileSync(new URL("../../cspell.json", import.meta.url), "utf8"),
) as { flagWords: string[] };
const technologies = [
  "JavaScript",
  "TypeScript",
  "Node",
  "Python",
  "Java",
  "Rust",
  "Go",
  "React",
  "npm",
  "SQL",
];

/** What a role must be shown of the sample packet, as beginnings of paths, in the first pass and in a repair. */
export type Shown = { readonly first: readonly string[]; readonly repair: readonly string[] };

/** The rules that every role keeps. `folder` is where its prompt lies. */
export function roleSuite(role: Role, folder: string, shown: Shown): void {
  describe(`role ${role.name}`, () => {
    promptRules(role, new URL(`./${folder}/prompt.md`, import.meta.url));
    describe("message", () => {
      test.each([
        [0, shown.first],
        [1, shown.repair],
      ])("in cycle %i it shows what the role needs and nothing else", (cycle, paths) => {
        const text = role.render(samplePacket({ role: role.name, cycle }));
        expect(markersIn(text)).toEqual(
          allMarkers(role.name, cycle).filter((path) => paths.some((start) => path.startsWith(start))),
        );
      });
      fenceRules(role);
    });
    schemaRules(role);
  });
}

function promptRules(role: Role, file: URL): void {
  describe("prompt", () => {
    const { text, hash } = role.prompt;
    const { base, modes } = splitPrompt(text);

    test("is the file beside the role, addressed by its SHA-256", () => {
      const bytes = readFileSync(file);
      expect(text).toBe(bytes.toString("utf8"));
      expect(hash).toBe(createHash("sha256").update(bytes).digest("hex"));
      expect(role.prompt.role).toBe(role.name);
    });

    test.each(MODES)("has one section for %s mode, of at most 120 words", (mode) => {
      expect(text.split("\n").filter((line) => line === modeHeading(mode))).toHaveLength(1);
      const section = modes.get(mode)!.split("\n").slice(1).join("\n").trim();
      expect(words(section).length).toBeGreaterThan(10);
      expect(words(section).length).toBeLessThanOrEqual(120);
    });

    test("has a base of at most 600 words that names no technology", () => {
      expect(words(base).length).toBeLessThanOrEqual(600);
      expect(words(base).filter((word) => technologies.includes(word))).toEqual([]);
    });

    test("uses no banned word", () => {
      expect(words(text.toLowerCase()).filter((word) => bannedWords.includes(word))).toEqual([]);
    });

    test.each(MODES)("gives the base and the %s section and no other", (mode) => {
      const instructions = role.instructions(text, mode);
      expect(instructions).toContain(base);
      expect(instructions).toContain(modes.get(mode));
      expect(MODES.filter((other) => instructions.includes(modeHeading(other)))).toEqual([mode]);
    });

    test("gives the base alone while there is no mode", () => {
      expect(role.instructions(text, null)).toBe(base);
    });

    test("is cut from the text that a workflow started with", () => {
      const stored = `Old base.\n\n${modeHeading("ops")}\n\nOld ops.\n\n${modeHeading("docs")}\n\nOld docs.\n`;
      expect(role.instructions(stored, "ops")).toBe(`Old base.\n\n${modeHeading("ops")}\n\nOld ops.`);
    });
  });
}

function fenceRules(role: Role): void {
  test.each([0, 1])("in cycle %i nothing that others wrote leaves its fence", (cycle) => {
    const calm = skeleton(role.render(samplePacket({ role: role.name, cycle })));
    expect(calm.join("\n")).not.toContain("§");
    fc.assert(
      fc.property(fc.infiniteStream(hostileText), (texts) => {
        const write: Writer = (path) => `${texts.next().value}${path}`;
        const text = role.render(samplePacket({ role: role.name, cycle, write }));
        expect(skeleton(text)).toEqual(calm);
      }),
    );
  });

  test("the request arrives character for character", () => {
    fc.assert(
      fc.property(hostileText, (request) => {
        const packet = { ...samplePacket({ role: role.name, cycle: 0 }), request };
        expect(role.render(packet)).toContain(request);
      }),
    );
  });
}

function schemaRules(role: Role): void {
  const packet = samplePacket({ role: role.name, cycle: 1 });
  const example = sampleOutputs[role.name];

  describe("schema", () => {
    test.each(MODES)("keeps the rules of strict structured output in %s mode", (mode) => {
      expect(strictModeFaults(role.schema({ ...packet, mode }))).toEqual([]);
    });

    test("keeps them when there is nothing to choose from, and when there is too much", () => {
      expect(strictModeFaults(role.schema({ ...packet, choices: noChoices }))).toEqual([]);
      expect(strictModeFaults(role.schema({ ...packet, choices: manyChoices }))).toEqual([]);
    });

    test("accepts a right answer, as zod does", () => {
      expect(misfits(role.schema(packet), example)).toEqual([]);
      expect(ROLE_OUTPUTS[role.name].safeParse(example).error).toBeUndefined();
    });

    test("refuses a field of another role and a field left out", () => {
      const [field] = Object.keys(example);
      const { [field!]: _, ...rest } = example;
      expect(misfits(role.schema(packet), { ...example, verdicts: [] })).toEqual(["$.verdicts: not allowed"]);
      expect(misfits(role.schema(packet), rest)).toEqual([`$.${field}: missing`]);
    });

    test("is the same whatever was asked before", () => {
      const before = JSON.stringify(role.schema(packet));
      role.schema({ ...packet, choices: noChoices });
      expect(JSON.stringify(role.schema(packet))).toBe(before);
    });
  });
}

const noChoices: HandoffPacket["choices"] = {
  models: [],
  default_model: "",
  delivery_actions: [],
  criteria: [],
  task_keys: [],
  open_findings: [],
};
const many = Array.from({ length: 1000 }, (_, index) => `choice-${index}`);
const manyChoices: HandoffPacket["choices"] = {
  models: many,
  default_model: "choice-1",
  delivery_actions: many,
  criteria: many,
  task_keys: many,
  open_findings: many,
};

const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom("```", "````", "`", "``", "~~~", "\n", "\r", "\r\n", "\u2028", " ", "\t", "    "),
      fc.constantFrom("## Request", "# In ops mode", "- Mode: docs", "json", "</request>", "\\", '"', "§"),
      fc.string({ unit: "binary", maxLength: 5 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""));

/** The lines of a Markdown text that stand outside fences, inline code blanked. */
function skeleton(markdown: string): string[] {
  const outside: string[] = [];
  let fence: string | null = null;
  for (const line of markdown.split(/\r\n|\r|\n/)) {
    const mark = /^ {0,3}(`{3,}|~{3,})\s*([^`]*)$/.exec(line);
    if (fence !== null) {
      const closes = mark !== null && mark[2] === "" && mark[1]!.startsWith(fence);
      if (closes) fence = null;
    } else if (mark !== null) fence = mark[1]!;
    else outside.push(line.replaceAll(/(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)/g, "<code>"));
  }
  expect(fence).toBeNull();
  return outside;
}

function allMarkers(role: RoleName, cycle: number): string[] {
  const paths: string[] = [];
  samplePacket({ role, cycle, write: (path) => (paths.push(path), marked(path)) });
  return [...new Set(paths)].toSorted();
}

function markersIn(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(/§([^§]+)§/g), ([, path]) => path!))].toSorted();
}

function words(text: string): string[] {
  return text.match(/[\p{L}\p{N}_'-]+/gu) ?? [];
}
