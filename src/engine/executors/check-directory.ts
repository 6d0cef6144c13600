import type { DetectedToolchain } from "../../ports/toolchain.ts";
import type { TreeChanges, WorkingDirectory } from "../../ports/workspace.ts";
import { sha256 } from "../hash.ts";
import { inSandbox, type Validation } from "./run-stages.ts";

/**
 * Where the commands of checks run: the tree as it is delivered, prepared and built. What tests or other checks have written
 * there is not there for the next one.
 */
export class CheckDirectory {
  readonly #validation: Validation;
  readonly #toolchains: readonly DetectedToolchain[];
  #own: WorkingDirectory | null = null;
  #built = "";

  constructor(validation: Validation, toolchains: readonly DetectedToolchain[]) {
    this.#validation = validation;
    this.#toolchains = toolchains;
  }

  /** The validation in a directory in which nothing has run but what prepares and builds. */
  async clean(): Promise<Validation> {
    const { directory } = this.#validation;
    if (this.#own === null && isUntouched(await directory.changes())) return this.#validation;
    if (this.#own === null || printOf(await this.#own.changes()) !== this.#built) await this.#makeAnew();
    return { ...this.#validation, directory: this.#own ?? directory };
  }

  async remove(): Promise<void> {
    await this.#own?.remove();
    this.#own = null;
  }

  async #makeAnew(): Promise<void> {
    await this.remove();
    const own = await this.#validation.create();
    this.#own = own;
    const validation = { ...this.#validation, directory: own };
    for (const { stages } of this.#toolchains) {
      for (const { stage, command, network } of stages) {
        // How they end is known from the run before: only what they leave behind is wanted here.
        if (stage === "prepare" || stage === "build") await inSandbox(validation, { command, network });
      }
    }
    this.#built = printOf(await own.changes());
  }
}

function isUntouched({ written, deleted }: TreeChanges): boolean {
  return written.length + deleted.length === 0;
}

function printOf({ written, deleted }: TreeChanges): string {
  const files = written.map(({ path, content }) => `${path}\0${sha256(content)}`);
  return JSON.stringify([files.toSorted(), deleted.toSorted()]);
}
