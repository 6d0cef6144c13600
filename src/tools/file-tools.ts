import { z } from "zod";

import type { RoleTool, ToolOutput } from "../ports/role-tool.ts";
import type { WorkingTree } from "../ports/working-tree.ts";

const path = z.string().describe("Path from the root of the tree, with forward slashes.");
const MOST_LINES = 2_000;
const MOST_FOUND = 200;
const LONGEST_LINE = 400;

/** Tools that look at the tree. */
export function readingTools(tree: WorkingTree): readonly RoleTool[] {
  return [listFiles(tree), readFile(tree), searchFiles(tree)];
}

/** Tools that change the tree. */
export function writingTools(tree: WorkingTree): readonly RoleTool[] {
  return [writeFile(tree), editFile(tree), deleteFile(tree)];
}

type Described<Arguments> = Pick<RoleTool, "name" | "description"> & {
  readonly arguments: z.ZodType<Arguments>;
  readonly run: (given: Arguments) => Promise<ToolOutput> | ToolOutput;
};

function local<Arguments>({ run, ...tool }: Described<Arguments>): RoleTool {
  return {
    ...tool,
    semantics: "read",
    local: true,
    untrusted: false,
    run: async (given) => run(given as Arguments),
  };
}

function listFiles(tree: WorkingTree): RoleTool {
  return local({
    name: "list_files",
    description: "Lists the paths of the tree, all of them or those below one directory.",
    arguments: z.strictObject({
      directory: z.string().nullable().default(null).describe("Such as src; null for the whole tree."),
    }),
    run: ({ directory }) => {
      const below = directory === null || directory === "." ? "" : `${directory.replace(/\/+$/, "")}/`;
      const paths = tree.paths().filter((one) => one.startsWith(below));
      return said(paths.length === 0 ? "There are no files." : paths.join("\n"));
    },
  });
}

function readFile(tree: WorkingTree): RoleTool {
  return local({
    name: "read_file",
    description: `Reads a file, with line numbers before each line; at most ${MOST_LINES} lines at a time.`,
    arguments: z.strictObject({
      path,
      from_line: z.int().min(1).default(1).describe("The first line to read."),
      lines: z.int().min(1).max(MOST_LINES).default(MOST_LINES).describe("How many lines."),
    }),
    run: async (given) => {
      const content = await tree.read(given.path);
      if (content === null) return noSuchFile(tree, given.path);
      const all = content.split("\n");
      const shown = all.slice(given.from_line - 1, given.from_line - 1 + given.lines);
      if (shown.length === 0) return refused(`${given.path} has ${all.length} lines.`);
      const rest = all.length - (given.from_line - 1 + shown.length);
      const numbered = shown.map((line, index) => `${given.from_line + index}\t${line}`).join("\n");
      return said(rest > 0 ? `${numbered}\n[${rest} more lines]` : numbered);
    },
  });
}

function searchFiles(tree: WorkingTree): RoleTool {
  return local({
    name: "search_files",
    description: "Finds the lines that contain a text, exactly or in any case.",
    arguments: z.strictObject({
      text: z.string().min(1).describe("What to look for; it is no pattern."),
      directory: z.string().nullable().default(null).describe("Looks only below it; null looks everywhere."),
      ignore_case: z.boolean().default(false),
    }),
    run: async ({ text, directory, ignore_case }) => {
      const below = directory === null ? "" : `${directory.replace(/\/+$/, "")}/`;
      const fold = (line: string): string => (ignore_case ? line.toLowerCase() : line);
      const found: string[] = [];
      for (const file of await tree.files()) {
        if (found.length > MOST_FOUND) break;
        if (!file.path.startsWith(below) || !fold(file.content).includes(fold(text))) continue;
        for (const [index, line] of file.content.split("\n").entries()) {
          if (found.length > MOST_FOUND) break;
          if (!fold(line).includes(fold(text))) continue;
          found.push(`${file.path}:${index + 1}: ${line.slice(0, LONGEST_LINE).toWellFormed()}`);
        }
      }
      if (found.length === 0) return said("Nothing was found.");
      const shown = found.slice(0, MOST_FOUND).join("\n");
      return said(found.length > MOST_FOUND ? `${shown}\n[There is more; look below one directory.]` : shown);
    },
  });
}

function writeFile(tree: WorkingTree): RoleTool {
  return local({
    name: "write_file",
    description: "Writes a whole file, new or in the place of the one that is there.",
    arguments: z.strictObject({ path, content: z.string().describe("The complete content.") }),
    run: (given) => {
      const refusal = tree.write(given.path, given.content);
      if (refusal !== null) return refused(`${JSON.stringify(given.path)} was not written: ${refusal}.`);
      return said(`Wrote ${given.path}, ${given.content.split("\n").length} lines.`);
    },
  });
}

function editFile(tree: WorkingTree): RoleTool {
  return local({
    name: "edit_file",
    description: "Replaces one passage of a file. The passage must stand in it exactly once.",
    arguments: z.strictObject({
      path,
      old_text: z
        .string()
        .min(1)
        .describe("The passage as it stands, with enough around it to be the only one."),
      new_text: z.string().describe("What stands there afterwards."),
    }),
    run: async ({ path: file, old_text, new_text }) => {
      const content = await tree.read(file);
      if (content === null) return noSuchFile(tree, file);
      const times = content.split(old_text).length - 1;
      if (times !== 1) {
        return refused(
          times === 0
            ? `${file} does not contain that passage. Read the file and copy the passage exactly.`
            : `${file} contains that passage ${times} times. Take in more of what stands around it.`,
        );
      }
      const at = content.indexOf(old_text);
      const edited = content.slice(0, at) + new_text + content.slice(at + old_text.length);
      const refusal = tree.write(file, edited);
      return refusal === null ? said(`Edited ${file}.`) : refused(`${file} was not written: ${refusal}.`);
    },
  });
}

function deleteFile(tree: WorkingTree): RoleTool {
  return local({
    name: "delete_file",
    description: "Deletes a file.",
    arguments: z.strictObject({ path }),
    run: (given) => {
      const refusal = tree.delete(given.path);
      return refusal === null ? said(`Deleted ${given.path}.`) : noSuchFile(tree, given.path);
    },
  });
}

function noSuchFile(tree: WorkingTree, asked: string): ToolOutput {
  const name = asked.split("/").at(-1)?.toLowerCase() ?? "";
  const alike = tree
    .paths()
    .filter((one) => one.toLowerCase().endsWith(name))
    .slice(0, 5);
  const hint = alike.length > 0 ? ` There is ${alike.join(", ")}.` : " list_files shows what there is.";
  return refused(`There is no file ${JSON.stringify(asked)}.${hint}`);
}

function said(content: string): ToolOutput {
  return { content, is_error: false };
}

function refused(content: string): ToolOutput {
  return { content, is_error: true };
}
