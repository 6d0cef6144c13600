import { CliError } from "./exit-code.ts";
import type { HttpClient } from "./http-client.ts";

const PATIENCE_MS = 5_000;

export type Pending = {
  readonly client: () => Pick<HttpClient, "readWorkflow">;
  readonly say: () => void;
  readonly afterMs?: number;
};

/** Says it when nobody has begun the workflow after a while. Returns what gives the waiting up. */
export function tellIfPending(id: string, { client, say, afterMs = PATIENCE_MS }: Pending): () => void {
  let over = false;
  const look = async (): Promise<void> => {
    try {
      const { status } = await client().readWorkflow(id);
      if (status === "pending" && !over) say();
    } catch (error) {
      // Whoever follows the workflow hears of a lost server by itself.
      if (!(error instanceof CliError)) throw error;
    }
  };
  const timer = setTimeout(() => void look(), afterMs);
  return () => {
    over = true;
    clearTimeout(timer);
  };
}
