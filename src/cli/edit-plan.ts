import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";

import { CliError } from "./exit-code.ts";

/** Criteria and tasks as a person wants them; the server says what is wrong with them. Null leaves them. */
export type PlanEdit = { readonly criteria: unknown; readonly tasks: unknown };

const KEYS = ["criteria", "tasks"];

/** The plan as a file that can be edited. */
export function planText({ criteria, tasks }: PlanEdit): string {
  return JSON.stringify({ criteria, tasks }, null, 2);
}

/** Reads a plan from a file, or from the standard input for `-`. */
export async function readPlanFile(file: string): Promise<PlanEdit> {
  let text: string;
  try {
    text = file === "-" ? (await buffer(process.stdin)).toString("utf8") : await readFile(file, "utf8");
  } catch (error) {
    throw new CliError("usage", `can't read ${file}: ${(error as Error).message}`, { cause: error });
  }
  return planOf(text, file);
}

/** Lets a person edit the plan with $VISUAL or $EDITOR; null when it was left as it was. */
export async function editInEditor(plan: PlanEdit): Promise<PlanEdit | null> {
  const editor = process.env["VISUAL"] || process.env["EDITOR"] || "vi";
  const directory = await mkdtemp(join(tmpdir(), "orca-edit-"));
  const file = join(directory, "plan.json");
  const before = `${planText(plan)}\n`;
  try {
    await writeFile(file, before, { mode: 0o600 });
    // The variable may hold arguments, as git takes it.
    const child = spawn("/bin/sh", ["-c", `${editor} "$1"`, "sh", file], { stdio: "inherit" });
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new CliError("usage", `${editor} ended with ${code}; nothing was sent`);
    const after = await readFile(file, "utf8");
    return after === before ? null : planOf(after, "the edited plan");
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function planOf(text: string, source: string): PlanEdit {
  const value = jsonOf(text, source);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new CliError("usage", `${source} is not an object with criteria and tasks`);
  const strange = Object.keys(value).filter((key) => !KEYS.includes(key));
  if (strange.length > 0)
    throw new CliError("usage", `${source} has ${strange.join(", ")}; a plan has criteria and tasks alone`);
  const { criteria = null, tasks = null } = value as Partial<PlanEdit>;
  return { criteria, tasks };
}

function jsonOf(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliError("usage", `${source} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}
