import { InvalidArgumentError, Option } from "@commander-js/extra-typings";

import type { CreateWorkflowBody } from "../contract/workflow-request.ts";
import { CliError } from "./exit-code.ts";

type Delivery = NonNullable<CreateWorkflowBody["delivery"]>;
type Settings = Delivery["config"];
type Json = Settings[string];

/** Dangerous in an object, and the name of no setting. */
const RESERVED = ["__proto__", "constructor", "prototype"];

/** `--set key=value`, as often as there are settings. */
export function settingOption() {
  return new Option(
    "--set <key=value>",
    "a setting of the delivery, as often as you like; secrets as secret://NAME",
  ).argParser(collectSettings);
}

/** A value that reads as JSON is that, anything else is text. */
function collectSettings(text: string, before: Settings = {}): Settings {
  const at = text.indexOf("=");
  const key = text.slice(0, at).trim();
  if (at < 1 || key === "" || RESERVED.includes(key))
    throw new InvalidArgumentError("write it as key=value, such as branch=docs");
  if (Object.hasOwn(before, key)) throw new InvalidArgumentError(`${key} is set twice.`);
  return { ...before, [key]: valueOf(text.slice(at + 1)) };
}

function valueOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text; // what is no JSON needs no quotes
  }
}

/** What was asked for on the command line; null when nothing was. */
export function deliveryOf(action: string | undefined, config: Settings = {}): Delivery | null {
  if (action !== undefined) return { action, config };
  if (Object.keys(config).length === 0) return null;
  throw new CliError("usage", "--set goes with the action that it is for");
}
