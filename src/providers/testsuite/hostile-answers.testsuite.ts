import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ModelError, type ModelAnswer, type ModelProvider } from "../../ports/chat-model.ts";
import type { ProviderCase } from "./chat-model.testsuite.ts";
import {
  cutOff,
  endless,
  hang,
  hangInBody,
  sendBytes,
  sendJson,
  startScriptedServer,
  trickle,
  type Script,
  type ScriptedServer,
} from "./scripted-server.testsuite.ts";
import { requestOf, settingsOf, silentWiring } from "./test-wiring.testsuite.ts";
import type { WireCall } from "./wire-format.ts";

const ANSWER = '{"title":"T"}';
const TEN_MB = 10_000_000;
const LONGEST_MS = 5_000;

const wipe = (input: unknown): WireCall => ({ id: "call_1", name: "wipe", input });

const codeOrText = (ended: ModelAnswer | ModelError): string =>
  ended instanceof ModelError ? ended.code : ended.text;

/** What servers do wrong, on purpose or not: every call ends in time, in bounded memory, and in a code that fits. */
export function hostileAnswers(subject: ProviderCase): void {
  describe("against a server that does it wrong", () => {
    let server: ScriptedServer;
    let provider: ModelProvider;

    beforeAll(async () => {
      server = await startScriptedServer();
      const settings = settingsOf(subject.kind, {
        api_key: "key",
        structured_output: subject.structuredOutput ?? true,
      });
      provider = subject.create(server.url, settings, silentWiring);
    });
    afterAll(async () => {
      await provider.close();
      await server.close();
    });

    const generate = (signal = new AbortController().signal): Promise<ModelAnswer> =>
      provider.generate(requestOf({ model: subject.model ?? "model-asked", signal }));

    const outcome = async (script: Script): Promise<ModelAnswer | ModelError> => {
      server.play(script);
      const started = performance.now();
      const ended = await generate().catch((error: unknown) => error);
      expect(performance.now() - started).toBeLessThan(LONGEST_MS);
      expect(server.requests).toHaveLength(1);
      if (ended instanceof Error) expect(ended).toBeInstanceOf(ModelError);
      return ended as ModelAnswer | ModelError;
    };

    const beside = subject.wordsBesideCalls === false ? "" : ANSWER;
    const whole = JSON.stringify(subject.wire.completion(ANSWER, "stop"));

    test.each([
      ["that never begins", hang],
      ["that stops in the middle", hangInBody],
      ["that trickles", trickle(whole, 20)],
    ])("an answer %s ends with the signal, and its connection is closed", async (_what, script) => {
      server.play(script);
      const controller = new AbortController();
      const reason = new DOMException("too late", "TimeoutError");
      const call = generate(controller.signal);
      await server.nextRequest();
      const started = performance.now();
      controller.abort(reason);
      await expect(call).rejects.toBe(reason);
      expect(performance.now() - started).toBeLessThan(200);
      await server.quiet();
    });

    test("a connection that is cut after 30 % is network", async () => {
      expect(await outcome(cutOff(whole, 0.3))).toMatchObject({ code: "network" });
    });

    test("an answer that ends after 30 % as if it were whole is network", async () => {
      const script = sendJson(200, whole.slice(0, whole.length * 0.3));
      expect(await outcome(script)).toMatchObject({ code: "network" });
    });

    const zeros = Buffer.alloc(64 * 1024 * 1024, " ");
    const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
    test.each([
      ["of 10 MB", sendJson(200, subject.wire.completion("x".repeat(TEN_MB), "stop"))],
      ["without an end", endless],
      ["packed by gzip", sendBytes(gzipSync(zeros), { "content-encoding": "gzip" })],
      ["packed by brotli", sendBytes(brotliCompressSync(zeros, brotli), { "content-encoding": "br" })],
      ["packed twice", sendBytes(gzipSync(gzipSync(zeros)), { "content-encoding": "gzip, gzip" })],
    ])("an answer %s is not read to its end", async (_what, script) => {
      expect(await outcome(script)).toMatchObject({
        code: "truncated",
        message: expect.stringContaining("longer than"),
      });
      await server.quiet();
    });

    test("an answer that is no UTF-8 is network, not an answer with holes", async () => {
      const [before, after] = JSON.stringify(subject.wire.completion("before|after", "stop")).split("|");
      const bytes = Buffer.concat([Buffer.from(before!), Buffer.from([0xc3, 0x28]), Buffer.from(after!)]);
      expect(await outcome(sendBytes(bytes))).toMatchObject({ code: "network" });
    });

    test("tools that nobody offered are not heard of, the same id twice included", async () => {
      const script = sendJson(
        200,
        subject.wire.toolCalls(ANSWER, "stop", [wipe({ path: "/" }), wipe({ path: "/" })]),
      );
      const ended = await outcome(script);
      expect(["network", beside]).toContain(codeOrText(ended));
      expect(ended).not.toMatchObject({ tool_calls: [expect.anything()] });
    });

    test("an answer cut off at the limit is truncated, with tool calls too", async () => {
      const script = sendJson(200, subject.wire.toolCalls(ANSWER, "length", [wipe({ path: "/" })]));
      expect(await outcome(script)).toMatchObject({ code: "truncated" });
    });

    test("a tool call without arguments is not carried out", async () => {
      const ended = await outcome(sendJson(200, subject.wire.toolCalls(ANSWER, "stop", [wipe(null)])));
      expect(["network", beside]).toContain(codeOrText(ended));
    });

    test("an answer without content brings no text", async () => {
      const ended = await outcome(sendJson(200, subject.wire.empty));
      expect(["network", ""]).toContain(codeOrText(ended));
    });

    test("an error inside HTTP 200 is an error", async () => {
      const ended = await outcome(
        sendJson(200, subject.wire.error("server_error", "The server had an error")),
      );
      expect(ended).toBeInstanceOf(ModelError);
      expect(["overloaded", "network"]).toContain((ended as ModelError).code);
      expect((ended as ModelError).message).toContain("The server had an error");
    });

    test("a plain 500 is overloaded", async () => {
      expect(await outcome(sendJson(500, "Internal Server Error"))).toMatchObject({ code: "overloaded" });
    });

    test("a long error without a space is told in short", async () => {
      const ended = await outcome(sendJson(400, "x".repeat(3_000_000)));
      expect(ended).toBeInstanceOf(ModelError);
      expect((ended as ModelError).message.length).toBeLessThan(1_000);
    });

    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    test.each([
      ["an answer that is 100,000 levels deep", deep],
      ["an error that is 100,000 levels deep", `{"error":${deep}}`],
    ])("%s is network", async (_what, body) => {
      expect(await outcome(sendJson(200, body))).toMatchObject({ code: "network" });
    });

    test("an answer with something 100,000 levels deep beside it does no harm", async () => {
      const ended = await outcome(sendJson(200, `${whole.slice(0, -1)},"more":${deep}}`));
      expect(["network", ANSWER]).toContain(codeOrText(ended));
    });

    test("a text that opens a hundred thousand brackets and fences is read in time", async () => {
      const text = `x${"[".repeat(100_000)}\n\`\`\`${"\n".repeat(100_000)}`;
      const ended = await outcome(sendJson(200, subject.wire.completion(text, "stop")));
      expect(codeOrText(ended)).toContain("[[[");
    });
  });
}
