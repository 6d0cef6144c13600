import { mkdir, writeFile } from "node:fs/promises";

import { openapiDocument } from "../src/contract/openapi-document.ts";

await mkdir("docs", { recursive: true });
await writeFile("docs/openapi.json", `${JSON.stringify(openapiDocument(), null, 2)}\n`);
