import { expect, test } from "vitest";

import { EgressError, type CheckedHttp, type CheckedRequest, type CheckedResponse } from "../ports/egress.ts";
import type { ToolOutput } from "../ports/role-tool.ts";
import { createHttpGetTool } from "./http-get.ts";

/** The web, as far as this tool can see it. */
function web(answer: (request: CheckedRequest) => Partial<CheckedResponse>): CheckedHttp {
  return {
    async request(request) {
      return { url: request.url, status: 200, headers: {}, body: new Uint8Array(), ...answer(request) };
    },
    async close() {},
  };
}

async function get(http: CheckedHttp): Promise<ToolOutput> {
  const { signal } = new AbortController();
  return await createHttpGetTool(http).run({ url: "https://a.example/x" }, { key: "k", signal });
}

const typed = (type: string, body: string | Uint8Array): Partial<CheckedResponse> => ({
  headers: { "content-type": type },
  body: typeof body === "string" ? new TextEncoder().encode(body) : body,
});

test("it is marked as a reader of what nobody vouches for, and takes a URL and nothing else", () => {
  const tool = createHttpGetTool(web(() => ({})));
  expect(tool).toMatchObject({ name: "http_get", semantics: "read", untrusted: true, local: false });
  expect(tool.arguments.safeParse({ url: "https://a.example/" }).success).toBe(true);
  expect(tool.arguments.safeParse({ url: "https://a.example/", method: "POST" }).success).toBe(false);
});

test.each([
  ["text/plain", "<b>&amp;</b>", "<b>&amp;</b>"],
  ["text/html; charset=utf-8", "<p>a <b>b</b>", "a b"],
  ["application/problem+json", '{"a":1}', '{"a":1}'],
  ["text/plain; charset=iso-8859-1", Uint8Array.of(0xe4), "ä"],
  ["text/plain; charset=nonsense", "ä", "ä"],
])("%s is read as text", async (type, body, content) => {
  expect(await get(web(() => typed(type, body)))).toEqual({ content, is_error: false });
});

test.each(["image/png", "application/octet-stream", "application/pdf"])("%s is not", async (type) => {
  const output = await get(web(() => typed(type, "x")));
  expect(output).toMatchObject({
    is_error: true,
    content: expect.stringContaining("ask for another URL") as string,
  });
});

test("at most 100 kB of whole characters are handed on", async () => {
  const output = await get(web(() => typed("text/plain", `a${"😀".repeat(30_000)}`)));
  expect(Buffer.byteLength(output.content)).toBeLessThanOrEqual(100_000);
  expect(Buffer.byteLength(output.content)).toBeGreaterThan(99_990);
  expect(output.content.isWellFormed()).toBe(true);
  expect(output.content).toMatch(/😀\n\[The rest was cut off.\]$/u);
  const whole = "😀".repeat(25_000);
  expect((await get(web(() => typed("text/plain", whole)))).content).toBe(whole);
});

test("a status that is no success is an error with what the server says", async () => {
  const output = await get(web(() => ({ ...typed("text/html", "<h1>Gone</h1>"), status: 404 })));
  expect(output.is_error).toBe(true);
  expect(output.content).toMatch(/404.*another source.*Gone/s);
});

test("a refusal is told to the model, and an abort is not caught", async () => {
  const refusing = web(() => {
    throw new EgressError("refused", "Use a public address.");
  });
  expect(await get(refusing)).toEqual({ content: "refused: Use a public address.", is_error: true });
  const aborted = web(() => {
    throw new Error("aborted");
  });
  await expect(get(aborted)).rejects.toThrow("aborted");
});
