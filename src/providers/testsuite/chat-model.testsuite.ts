import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { ModelProvider, ModelRequest } from "../../ports/chat-model.ts";
import { ModelError } from "../../ports/chat-model.ts";
import type { ProviderSettings, ProviderWiring } from "../provider-settings.ts";
import { hostileAnswers } from "./hostile-answers.testsuite.ts";
import {
  breakOff,
  hang,
  sendJson,
  startScriptedServer,
  type ScriptedServer,
} from "./scripted-server.testsuite.ts";
import { silentWiring, requestOf, settingsOf } from "./test-wiring.testsuite.ts";
import { takesNoTools, toolCalling } from "./tool-calling.testsuite.ts";
import type { WireFormat } from "./wire-format.ts";

export type ProviderCase = {
  readonly label: string;
  readonly kind: string;
  readonly create: (serverUrl: string, settings: ProviderSettings, wiring: ProviderWiring) => ModelProvider;
  readonly wire: WireFormat;
  readonly tracedByDefault: boolean;
  /** What the message about a refused key names. */
  readonly credential: string;
  readonly structuredOutput?: boolean;
  /** Whether a longest answer can be asked for; true unless said otherwise. */
  readonly takesLongestAnswer?: boolean;
  /** Whether its models can be given tools; true unless said otherwise. */
  readonly tools?: boolean;
  /** Where a request with tools carries the schema, if elsewhere than without. */
  readonly schemaBesideTools?: WireFormat["schemaIn"];
  /** Whether what is said beside tool calls is handed on; true unless said otherwise. */
  readonly wordsBesideCalls?: boolean;
  /** A model name that the vendor's package takes for a current one. */
  readonly model?: string;
};

const SECRET = "THIS-IS-THE-KEY-0123456789";
const ANSWER = '{"title":"T"}';
const TRACE_HEADERS = {
  "x-orca-workflow": "wf-1",
  "x-orca-role": "director",
  "x-orca-step": "director#0",
  "x-orca-attempt": "2",
  "x-orca-call": "3",
};

/** What every provider must do, judged by what arrives at a server. */
export function chatModelSuite(subject: ProviderCase): void {
  describe(`${subject.label} as a chat model`, () => {
    const providers = new Map<string, ModelProvider>();
    const mock = new LLMock({ port: 0, logLevel: "silent", strict: true });
    let server: ScriptedServer;

    const provider = (url: string, trace: boolean | null = null, name = subject.kind): ModelProvider => {
      const key = `${url} ${trace} ${name}`;
      const known = providers.get(key);
      if (known !== undefined) return known;
      const settings = settingsOf(subject.kind, {
        name,
        api_key: SECRET,
        send_trace_headers: trace,
        structured_output: subject.structuredOutput ?? true,
      });
      const created = subject.create(url, settings, silentWiring);
      providers.set(key, created);
      return created;
    };

    const request = (content = "make a plan", signal = new AbortController().signal): ModelRequest =>
      requestOf({ model: subject.model ?? "model-asked", messages: [{ role: "user", content }], signal });

    const failure = async (call: Promise<unknown>): Promise<ModelError> => {
      const error: unknown = await call.then(
        () => "resolved",
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(ModelError);
      return error as ModelError;
    };

    beforeAll(async () => {
      server = await startScriptedServer();
      mock.onMessage("make a plan", { content: ANSWER });
      mock.onMessage("too fast", {
        error: { message: "slow down", type: "rate_limit_error" },
        status: 429,
        retryAfter: 7,
      });
      mock.onMessage("broken", { error: { message: "oops", type: "server_error" }, status: 500 });
      mock.onMessage("stranger", {
        error: { message: "bad key", type: "authentication_error" },
        status: 401,
      });
      await mock.start();
    });

    beforeEach(() => mock.clearRequests());

    afterAll(async () => {
      await Promise.all([...providers.values()].map((created) => created.close()));
      await server.close();
      await mock.stop();
    });

    describe("against aimock", () => {
      test("an answer comes with one request, its text and its finish reason", async () => {
        const answer = await provider(mock.url).generate(request());
        expect(answer).toMatchObject({ text: ANSWER, finish_reason: "stop" });
        expect(answer.latency_ms).toBeGreaterThanOrEqual(0);
        expect(mock.getRequests()).toHaveLength(1);
      });

      test.each([
        ["too fast", "rate_limited", 7000],
        ["broken", "overloaded", null],
        ["stranger", "auth", null],
      ] as const)("%s is %s, after one request", async (message, code, retryAfterMs) => {
        const error = await failure(provider(mock.url).generate(request(message)));
        expect(error).toMatchObject({ code, retryAfterMs });
        expect(mock.getRequests()).toHaveLength(1);
      });
    });

    describe("on the wire", () => {
      const play = (status: number, body: unknown, headers: Record<string, string> = {}): void =>
        server.play(sendJson(status, body, headers));
      const succeed = (): void => play(200, subject.wire.completion(ANSWER, "stop"));

      test("the schema travels under the role's name, and all usage comes back", async () => {
        succeed();
        const answer = await provider(server.url).generate(request());
        expect(server.requests).toHaveLength(1);
        const sent = subject.wire.schemaIn(JSON.parse(server.requests[0]!.body));
        expect(sent.schema).toMatchObject(request().schema);
        expect([null, "director"]).toContain(sent.name);
        expect(answer.model_served).toBe("model-served");
        expect(answer.usage).toEqual({
          input_tokens: 11,
          output_tokens: 7,
          cached_input_tokens: subject.wire.usage.cached,
          reasoning_tokens: subject.wire.usage.reasoning,
        });
      });

      test.skipIf(subject.takesLongestAnswer === false)("the longest answer is asked for", async () => {
        succeed();
        await provider(server.url).generate({ ...request(), max_output_tokens: 1234 });
        expect(server.requests[0]!.body).toMatch(/:1234[,}]/);
      });

      test("instructions and every message of a re-ask are told", async () => {
        succeed();
        const asked = request();
        await provider(server.url).generate({
          ...asked,
          messages: [
            ...asked.messages,
            { role: "assistant", content: "first-try" },
            { role: "user", content: "title is missing" },
          ],
        });
        const { body } = server.requests[0]!;
        for (const words of ["You direct.", "make a plan", "first-try", "title is missing"]) {
          expect(body).toContain(words);
        }
      });

      test.each([
        [null, subject.tracedByDefault],
        [true, true],
        [false, false],
      ])("send_trace_headers %s: trace headers %s", async (setting, expected) => {
        succeed();
        await provider(server.url, setting).generate(request());
        const { headers } = server.requests[0]!;
        const traced = Object.entries(headers).filter(([name]) => name.startsWith("x-orca"));
        expect(Object.fromEntries(traced)).toEqual(expected ? TRACE_HEADERS : {});
      });

      test("Retry-After may be a date", async () => {
        const at = new Date(Date.now() + 90_000).toUTCString();
        play(429, subject.wire.error("rate_limit", "slow down"), { "retry-after": at });
        const error = await failure(provider(server.url).generate(request()));
        expect(error.code).toBe("rate_limited");
        expect(error.retryAfterMs).toBeGreaterThan(60_000);
        expect(error.retryAfterMs).toBeLessThanOrEqual(90_000);
      });

      test.each([
        [429, "insufficient_quota", "insufficient credits", "credit"],
        [402, "payment_required", "pay first", "credit"],
        [400, "invalid_request_error", "Your credit balance is too low to use this API.", "credit"],
        [403, "permission_error", "not allowed", "auth"],
        [404, "model_not_found", "model 'x' not found", "unknown_model"],
        [408, "timeout", "too late", "timeout"],
        [413, "request_too_large", "too long", "context_overflow"],
        [400, "context_length_exceeded", "prompt is too long: 9 > 8", "context_overflow"],
        [503, "unavailable", "come back", "overloaded"],
        [529, "overloaded_error", "Overloaded", "overloaded"],
      ] as const)("%s %s (%s) is %s, and asked once", async (status, vendorCode, message, code) => {
        play(status, subject.wire.error(vendorCode, message));
        const error = await failure(provider(server.url).generate(request()));
        expect(error.code).toBe(code);
        expect(server.requests).toHaveLength(1);
      });

      test("a refused key is named by what holds it, and never shown", async () => {
        const echoed = `Incorrect API key provided: ${SECRET} (THIS*****6789)`;
        play(401, subject.wire.error("invalid_api_key", echoed));
        const error = await failure(provider(server.url).generate(request()));
        expect(error.code).toBe("auth");
        expect(error.message).toContain(`${subject.credential} was refused (401)`);
        expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain(SECRET);
        expect(error.message).not.toContain("6789");

        const other = await failure(provider(server.url, null, "work").generate(request()));
        expect(other.message).toContain('The api_key of provider "work" was refused (401)');
      });

      test("a hanging call ends at once with the reason of the signal", async () => {
        server.play(hang);
        const controller = new AbortController();
        const reason = new Error("cancelled by the user");
        const call = provider(server.url).generate(request("make a plan", controller.signal));
        await server.nextRequest();
        const started = performance.now();
        controller.abort(reason);
        await expect(call).rejects.toBe(reason);
        expect(performance.now() - started).toBeLessThan(200);
      });

      test("an aborted signal sends nothing", async () => {
        succeed();
        const reason = new Error("too late");
        await expect(
          provider(server.url).generate(request("make a plan", AbortSignal.abort(reason))),
        ).rejects.toBe(reason);
        expect(server.requests).toHaveLength(0);
      });

      test.each([
        ["a body that is no JSON", sendJson(200, '{"id": nonsense')],
        ["a body of another kind", sendJson(200, { hello: "world" })],
        ["a web page", sendJson(200, "<html>login</html>", { "content-type": "text/html" })],
        ["an answer that breaks off", breakOff],
      ])("%s is network, after one request", async (_what, script) => {
        server.play(script);
        const error = await failure(provider(server.url).generate(request()));
        expect(error.code).toBe("network");
        expect(server.requests).toHaveLength(1);
      });

      test("an answer cut off at the limit is truncated", async () => {
        play(200, subject.wire.completion('{"title":"half', "length"));
        const error = await failure(provider(server.url).generate(request()));
        expect(error).toMatchObject({ code: "truncated", usage: { input_tokens: 11, output_tokens: 7 } });
        expect(error.message).not.toContain("half");
        expect(server.requests).toHaveLength(1);
      });

      test("a refusal is told apart from an answer", async () => {
        play(200, subject.wire.completion("I can't do that.", "refusal"));
        const error = await failure(provider(server.url).generate(request()));
        expect(error).toMatchObject({ code: "refusal", usage: { output_tokens: 7 } });
        expect(server.requests).toHaveLength(1);
      });

      test("a key does not follow a redirect to another origin", async () => {
        const elsewhere = await startScriptedServer();
        server.play(sendJson(307, {}, { location: `${elsewhere.url}/v1/chat/completions` }));
        const error = await failure(provider(server.url).generate(request()));
        expect(error.message).toContain(elsewhere.url);
        expect(elsewhere.requests).toHaveLength(0);
        await elsewhere.close();
      });

      test("an endpoint that is down is network", async () => {
        const gone = await startScriptedServer();
        await gone.close();
        const error = await failure(provider(gone.url).generate(request()));
        expect(error.code).toBe("network");
        expect(error.message).toContain("can't be reached (ECONNREFUSED)");
      });
    });

    if (subject.tools === false) takesNoTools(subject, {});
    else toolCalling(subject);

    hostileAnswers(subject);

    describe("its catalogue", () => {
      const { catalogue } = subject.wire;
      const signal = new AbortController().signal;

      test("is read live, sorted by id, without a model call", async () => {
        server.play(sendJson(200, catalogue.body));
        const models = await provider(server.url).models(signal);
        expect(models.map(({ id }) => id)).toEqual(catalogue.ids);
        expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
          `GET ${catalogue.path}`,
        ]);
        expect(await provider(server.url).test(signal)).toMatchObject({ healthy: true, message: null });
      });

      test.each([
        ["a refused key", sendJson(401, subject.wire.error("invalid_api_key", SECRET)), "auth"],
        ["a server that is down", sendJson(503, "<html>"), "overloaded"],
        ["something else than a list", sendJson(200, { hello: "world" }), "network"],
        ["something else than JSON", sendJson(200, "<html>"), "network"],
      ])("tells of %s", async (_what, script, code) => {
        server.play(script);
        const error = await failure(provider(server.url).models(signal));
        expect(error.code).toBe(code);
        const health = await provider(server.url).test(signal);
        expect(health).toMatchObject({ healthy: false, message: error.message });
        expect(error.message).not.toContain(SECRET);
      });

      test("a hanging one ends with the reason of the signal, and a test of it with words", async () => {
        server.play(hang);
        const controller = new AbortController();
        const reason = new Error("enough");
        const models = provider(server.url).models(controller.signal);
        await server.nextRequest();
        const health = provider(server.url).test(controller.signal);
        await server.nextRequest();
        controller.abort(reason);
        await expect(models).rejects.toBe(reason);
        expect(await health).toMatchObject({
          healthy: false,
          message: expect.stringContaining("did not answer"),
        });
      });
    });
  });
}
