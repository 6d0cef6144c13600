import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  ModelError,
  type ChatMessage,
  type ModelAnswer,
  type ModelProvider,
  type ModelRequest,
  type ToolDefinition,
} from "../../ports/chat-model.ts";
import type { ProviderSettings } from "../provider-settings.ts";
import type { ProviderCase } from "./chat-model.testsuite.ts";
import { sendJson, startScriptedServer, type ScriptedServer } from "./scripted-server.testsuite.ts";
import { requestOf, settingsOf, silentWiring } from "./test-wiring.testsuite.ts";
import type { Finish, WireCall } from "./wire-format.ts";

const READ_FILE: ToolDefinition = {
  name: "read_file",
  description: "Reads one file.",
  parameters: {
    type: "object",
    properties: { path: { type: "string" } },
    required: ["path"],
    additionalProperties: false,
  },
};
/** As an MCP server describes a tool: not in the strict subset. */
const SEARCH: ToolDefinition = {
  name: "search",
  description: "Searches.",
  parameters: {
    type: "object",
    properties: { words: { type: "string", minLength: 1 }, most: { type: "integer" } },
  },
};
const TOOLS = [READ_FILE, SEARCH];
const ANSWER = '{"title":"T"}';
const WORDS = "I look first.";

const reading: WireCall = { id: "call_a", name: "read_file", input: { path: "a.txt" } };
const searching: WireCall = { id: "call_b", name: "search", input: { words: "x", most: 3 } };

/** The same call as the port tells it. */
const asRequested = ({ id, name, input }: WireCall) => ({ id, name, arguments: JSON.stringify(input) });

const settingsFor = (subject: ProviderCase, changed: Partial<ProviderSettings> = {}): ProviderSettings =>
  settingsOf(subject.kind, {
    api_key: "key",
    structured_output: subject.structuredOutput ?? true,
    ...changed,
  });

const requestFor = (subject: ProviderCase, changed: Partial<ModelRequest> = {}): ModelRequest =>
  requestOf({ model: subject.model ?? "model-asked", tools: TOOLS, ...changed });

/** What every provider that speaks of tools must do, judged by what arrives at a server. */
export function toolCalling(subject: ProviderCase): void {
  const { wire } = subject;
  describe("with tools", () => {
    let server: ScriptedServer;
    let provider: ModelProvider;

    beforeAll(async () => {
      server = await startScriptedServer();
      provider = subject.create(server.url, settingsFor(subject), silentWiring);
    });
    afterAll(async () => {
      await provider.close();
      await server.close();
    });

    const generate = async (changed: Partial<ModelRequest> = {}): Promise<ModelAnswer> => {
      const answer = await provider.generate(requestFor(subject, changed));
      expect(server.requests).toHaveLength(1);
      return answer;
    };
    const called = (calls: readonly WireCall[], said = "", finish: Finish = "stop"): void =>
      server.play(sendJson(200, wire.toolCalls(said, finish, calls)));
    /** What a request looks like that tells of these messages. */
    const sentWith = async (messages: readonly ChatMessage[]) => {
      server.play(sendJson(200, wire.completion(ANSWER, "stop")));
      const answer = await generate({ messages });
      expect(answer).toMatchObject({ text: ANSWER, tool_calls: [] });
      const { body } = server.requests[0]!;
      return { body, ...wire.exchangeIn(JSON.parse(body)) };
    };

    test("it says that it takes them, and tells of them beside the schema", async () => {
      expect(provider.tools).toBe(true);
      const asked: ChatMessage[] = [{ role: "user", content: "make a plan" }];
      const { body } = await sentWith(asked);
      const sent: Record<string, unknown> = JSON.parse(body);
      expect(wire.toolsIn(sent)).toEqual(TOOLS);
      const told = (subject.schemaBesideTools ?? wire.schemaIn)(sent);
      expect(told.schema).toMatchObject(requestOf().schema);
      expect(wire.exchangeIn(sent)).toEqual({ calls: [], answers: [] });
    });

    test("two calls in one answer come in order, with the words beside and all usage", async () => {
      called([reading, searching], WORDS);
      const answer = await generate();
      expect(answer.tool_calls).toEqual([reading, searching].map(asRequested));
      expect(answer.text).toBe(subject.wordsBesideCalls === false ? "" : WORDS);
      expect(answer.finish_reason).toBe("tool-calls");
      expect(answer.model_served).toBe("model-served");
      expect(answer.usage).toEqual({
        input_tokens: 11,
        output_tokens: 7,
        cached_input_tokens: wire.usage.cached,
        reasoning_tokens: wire.usage.reasoning,
      });
    });

    test("words beside a call stay whole, though they hold JSON", async () => {
      const said = `First ${ANSWER} comes to mind.`;
      called([reading], said);
      const { text } = await generate();
      expect(text).toBe(subject.wordsBesideCalls === false ? "" : said);
    });

    test("a call without words is one", async () => {
      called([reading]);
      expect(await generate()).toMatchObject({ text: "", tool_calls: [asRequested(reading)] });
    });

    test("answers go back to the calls they belong to, an error as an error", async () => {
      called([reading, searching], WORDS);
      const first = await generate();
      const { body, calls, answers } = await sentWith([
        { role: "user", content: "make a plan" },
        { role: "assistant", content: WORDS, tool_calls: first.tool_calls },
        {
          role: "tool",
          answers: [
            { id: "call_a", name: "read_file", content: "It says hello.", is_error: false },
            { id: "call_b", name: "search", content: 'no "most" > 2', is_error: true },
          ],
        },
      ]);
      expect(calls).toEqual([reading, searching]);
      expect(answers).toEqual([
        { id: "call_a", content: "It says hello.", is_error: false },
        { id: "call_b", content: 'no "most" > 2', is_error: true },
      ]);
      expect(body).toContain(WORDS);
    });

    test("a turn of nothing but calls has no empty words", async () => {
      const { body } = await sentWith([
        { role: "user", content: "make a plan" },
        { role: "assistant", content: " \n", tool_calls: [asRequested(reading)] },
        { role: "tool", answers: [{ id: "call_a", name: "read_file", content: "", is_error: false }] },
      ]);
      expect(body).not.toMatch(/"(text|content)":" \\n"/);
    });

    test("a call of what nobody offered is handed on, and told of by a name that can be read back", async () => {
      const stray = { id: "call_s", name: "functions.wipe disk!", input: {} };
      called([stray]);
      const { tool_calls } = await generate();
      expect(tool_calls).toEqual([asRequested(stray)]);
      const content = "There is no such tool.";
      const { calls, answers } = await sentWith([
        { role: "user", content: "make a plan" },
        { role: "assistant", content: "", tool_calls },
        { role: "tool", answers: [{ id: "call_s", name: stray.name, content, is_error: true }] },
      ]);
      expect(calls).toEqual([{ ...stray, name: "functions_wipe_disk_" }]);
      expect(answers).toEqual([{ id: "call_s", content, is_error: true }]);
    });

    const unreadable = '{"path": "a.t';
    test.each([
      ["no JSON", unreadable, wire.argumentsAreText ? [unreadable] : ["network", JSON.stringify(unreadable)]],
      ["null", null, ["network", "null"]],
    ])(
      "arguments that are %s are handed on as they are, if they can be read",
      async (_what, input, expected) => {
        called([{ ...reading, input }]);
        const ended = await generate().catch((error: unknown) => error);
        const told =
          ended instanceof ModelError ? ended.code : (ended as ModelAnswer).tool_calls[0]?.arguments;
        expect(expected).toContain(told);
      },
    );

    test.each(['{"path": "a.t', "", "[1]", '"text"', "null", "7"])(
      "arguments %j, which are no object, go back as an object",
      async (text) => {
        const call = { id: "call_a", name: "read_file", arguments: text };
        const { calls, answers } = await sentWith([
          { role: "user", content: "make a plan" },
          { role: "assistant", content: WORDS, tool_calls: [call] },
          { role: "tool", answers: [{ id: "call_a", name: "read_file", content: "no", is_error: true }] },
        ]);
        expect(calls).toEqual([{ ...reading, input: {} }]);
        expect(answers).toHaveLength(1);
      },
    );

    test.each([
      ["length", "truncated"],
      ["refusal", "refusal"],
    ] as const)("an answer that ended by %s is %s: none of its calls is made", async (finish, code) => {
      called([reading, searching], WORDS, finish);
      const error: unknown = await generate().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ModelError);
      expect(error).toMatchObject({ code, usage: { input_tokens: 11, output_tokens: 7 } });
    });

    test("a call told twice is one; others under its id get ids of their own", async () => {
      const other = { ...reading, input: { path: "b.txt" } };
      called([reading, reading, other, { ...searching, id: "call_a" }]);
      const { tool_calls } = await generate();
      expect(tool_calls).toEqual([
        asRequested(reading),
        asRequested({ ...other, id: "call_a_2" }),
        asRequested({ ...searching, id: "call_a_3" }),
      ]);
    });

    test("an id of an earlier turn is not given again", async () => {
      called([reading]);
      const { tool_calls } = await generate({
        messages: [
          { role: "user", content: "make a plan" },
          { role: "assistant", content: "", tool_calls: [asRequested(reading)] },
          { role: "tool", answers: [{ id: "call_a", name: "read_file", content: "x", is_error: false }] },
        ],
      });
      expect(tool_calls).toEqual([asRequested({ ...reading, id: "call_a_2" })]);
    });

    test("a call without an id gets one", async () => {
      called([{ ...reading, id: "" }]);
      const { tool_calls } = await generate();
      expect(tool_calls).toHaveLength(1);
      expect(tool_calls[0]!.id).toMatch(/^[\w-]+$/);
    });

    test("without tools nothing of them is sent", async () => {
      server.play(sendJson(200, wire.completion(ANSWER, "stop")));
      await generate({ tools: [] });
      expect(wire.toolsIn(JSON.parse(server.requests[0]!.body))).toEqual([]);
    });

    takesNoTools(subject, { tools: false });

    test("a whole exchange with aimock", async () => {
      const mock = new LLMock({ port: 0, logLevel: "silent", strict: true });
      mock.on(
        { userMessage: "make a plan", hasToolResult: false },
        { toolCalls: [{ id: "call_a", name: "read_file", arguments: '{"path":"a.txt"}' }] },
      );
      mock.on({ userMessage: "make a plan", hasToolResult: true }, { content: ANSWER });
      await mock.start();
      const mocked = subject.create(mock.url, settingsFor(subject), silentWiring);
      const asked = requestFor(subject);
      const first = await mocked.generate(asked);
      expect(first.tool_calls).toMatchObject([{ name: "read_file", arguments: '{"path":"a.txt"}' }]);
      const { id, name } = first.tool_calls[0]!;
      const messages: ChatMessage[] = [
        ...asked.messages,
        { role: "assistant", content: first.text, tool_calls: first.tool_calls },
        { role: "tool", answers: [{ id, name, content: "hello", is_error: false }] },
      ];
      const last = await mocked.generate({ ...asked, messages });
      expect(last).toMatchObject({ text: ANSWER, tool_calls: [] });
      await mocked.close();
      await mock.stop();
    });
  });
}

/** What a provider does that takes no tools, by its kind or by these settings. */
export function takesNoTools(subject: ProviderCase, settings: Partial<ProviderSettings>): void {
  const asked: ChatMessage = { role: "user", content: "make a plan" };
  const called: ChatMessage = { role: "assistant", content: "", tool_calls: [asRequested(reading)] };
  const answered: ChatMessage = {
    role: "tool",
    answers: [{ id: "call_a", name: "read_file", content: "x", is_error: false }],
  };

  test.each<[string, Partial<ModelRequest>]>([
    ["tools", {}],
    ["earlier tool calls", { tools: [], messages: [asked, called] }],
    ["earlier answers of tools", { tools: [], messages: [asked, answered] }],
  ])("where it takes none, a request with %s is a defect, and never sent", async (_what, changed) => {
    const server = await startScriptedServer();
    const provider = subject.create(server.url, settingsFor(subject, settings), silentWiring);
    expect(provider.tools).toBe(false);
    const error: unknown = await provider
      .generate(requestFor(subject, changed))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(ModelError);
    expect((error as Error).message).toContain("takes no tools");
    expect(server.requests).toHaveLength(0);
    await provider.close();
    await server.close();
  });
}
