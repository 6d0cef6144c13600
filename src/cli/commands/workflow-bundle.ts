import { type Command, Option } from "@commander-js/extra-typings";

import type { CommandContext } from "../command-context.ts";
import { serverOption, withConfigOptions } from "../command-options.ts";
import { downloadBundle } from "../download-bundle.ts";
import { sizeText } from "../progress/wording.ts";
import { withClient } from "../with-client.ts";

export function addBundleCommand(workflows: Command, { output }: CommandContext): void {
  withConfigOptions(workflows.command("bundle"))
    .description("download the files with manifest, checksums and receipts as an archive")
    .argument("<id>")
    .addOption(serverOption)
    .addOption(new Option("--format <format>", "of the archive").choices(["zip", "tar.gz"]).default("zip"))
    .option("--output <path>", "file or directory to write to instead of the current directory")
    .option("--force", "overwrite a file that has other content")
    .action((id, options) =>
      withClient(options, async (client) => {
        const { format, output: path, force = false } = options;
        const saved = await downloadBundle(client, { id, format, path: path ?? ".", force });
        if (options.json) return output.json({ ...saved, format });
        if (saved.resumed_at > 0) output.say(`went on after ${sizeText(saved.resumed_at)}`);
        output.print(saved.path);
      }),
    );
}
