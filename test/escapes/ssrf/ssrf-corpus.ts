import type { EscapeCorpus } from "../escape-corpus.ts";
import { addresses } from "./addresses.ts";
import { answers } from "./answers.ts";
import { guardedRequest } from "./clients.ts";
import { names } from "./names.ts";
import { redirects } from "./redirects.ts";
import { toCase, type Try } from "./ssrf-case.ts";
import { urls } from "./urls.ts";
import { openWorld, trustOuterServer } from "./world.ts";

const tries: readonly Try[] = [...addresses, ...names, ...urls, ...redirects, ...answers];

/** Ways to make the server ask for what is inside, or for more than it can bear. */
export const ssrfCorpus: EscapeCorpus = {
  name: "ssrf",
  least: 240,
  async open() {
    const distrust = trustOuterServer();
    try {
      await sanityCheck();
    } catch (error) {
      distrust();
      throw error;
    }
    return {
      cases: tries.map(toCase),
      async close() {
        distrust();
      },
    };
  },
};

/** A client that can't ask for anything contains everything. */
async function sanityCheck(): Promise<void> {
  const world = await openWorld({
    names: {},
    outside: (_request, response) => response.end("outside"),
    isDiverted: false,
  });
  try {
    for (const url of ["http://outer.example/", "https://outer.example:8443/page"]) {
      const guard = { allowedHosts: [], ownAddresses: [], isReal: false };
      const { code, text } = await guardedRequest(world, { url }, guard);
      if (code !== "200" || text !== "outside") throw new Error(`${url} should be answered: ${code} ${text}`);
    }
  } finally {
    await world.close();
  }
}
