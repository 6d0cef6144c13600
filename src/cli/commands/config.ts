import type { Command } from "@commander-js/extra-typings";

import type { CommandContext } from "../command-context.ts";
import { configOf, withConfigOptions } from "../command-options.ts";

export function addConfigCommand(program: Command, { output }: CommandContext): void {
  const config = program.command("config").description("look at the configuration");
  withConfigOptions(config.command("explain"))
    .description("print settings with their values and where they come from; secrets are starred out")
    .argument("[key]", "one setting or section, such as workflow.max_qa_retries")
    .action(async (key, options) => {
      const { explainConfig } = await import("../../config/explain-config.ts");
      const loaded = configOf(options);
      const settings = explainConfig(loaded, key ?? null);
      if (options.json) return output.json({ file: loaded.file, settings });
      const width = Math.max(0, ...settings.map((setting) => setting.key.length));
      for (const setting of settings) {
        const value = typeof setting.value === "string" ? setting.value : JSON.stringify(setting.value);
        output.print(`${setting.key.padEnd(width)}  ${value}  (${setting.origin})`);
      }
      if (key === undefined) output.say(loaded.file ? `read from ${loaded.file}` : "no orca.yaml was found");
    });
  config
    .command("schema")
    .description("print the JSON Schema of orca.yaml, for editors")
    .action(async () => {
      const { configJsonSchema } = await import("../../config/config-schema.ts");
      output.print(JSON.stringify(configJsonSchema(), null, 2));
    });
}
