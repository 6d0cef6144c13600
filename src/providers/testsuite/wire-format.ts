import type { ToolDefinition } from "../../ports/chat-model.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- a parsed request, whose shape the vendor decides
type Body = Record<string, any>;

export type Finish = "stop" | "length" | "refusal";

/** A tool call; a text for `input` stands for arguments as the model wrote them, where the format carries text. */
export type WireCall = { readonly id: string; readonly name: string; readonly input: unknown };

type WireAnswer = { readonly id: string; readonly content: unknown; readonly is_error: boolean };

/** How one vendor's API looks on the wire: what the suite needs to play its server. */
export type WireFormat = {
  /** The body of a successful answer: 11 tokens in, 4 of them cached, 7 out, served by `model-served`. */
  readonly completion: (text: string, finish: Finish) => unknown;
  /** The schema and its name where the request carries them; null name where the format has none. */
  readonly schemaIn: (body: Body) => {
    readonly name: string | null;
    readonly schema: unknown;
  };
  /** An answer that makes these calls beside its text. */
  readonly toolCalls: (text: string, finish: Finish, calls: readonly WireCall[]) => unknown;
  /** Whether arguments travel as text, which may be no JSON. */
  readonly argumentsAreText: boolean;
  readonly toolsIn: (body: Body) => readonly ToolDefinition[];
  /** The tool calls of the conversation and the answers to them, as a request tells them. */
  readonly exchangeIn: (body: Body) => {
    readonly calls: readonly WireCall[];
    readonly answers: readonly WireAnswer[];
  };
  /** An answer without any content. */
  readonly empty: unknown;
  /** The body of a failed request. */
  readonly error: (code: string, message: string) => unknown;
  readonly catalogue: { readonly path: string; readonly body: unknown; readonly ids: readonly string[] };
  /** The usage that `completion` stands for, as far as the format can tell. */
  readonly usage: { readonly cached: number; readonly reasoning: number };
};

const openAiError = (code: string, message: string): unknown => ({ error: { message, type: code, code } });

const openAiCatalogue = (ids: readonly string[]): unknown => ({
  object: "list",
  data: ids.map((id) => ({ id, object: "model" })),
});

const CHAT_FINISH = { stop: "stop", length: "length", refusal: "content_filter" } as const;

const chatCompletion = (choices: readonly unknown[]): unknown => ({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "model-served",
  choices,
  usage: {
    prompt_tokens: 11,
    completion_tokens: 7,
    total_tokens: 18,
    prompt_tokens_details: { cached_tokens: 4 },
    completion_tokens_details: { reasoning_tokens: 2 },
  },
});

const asText = (input: unknown): unknown =>
  input === null || typeof input === "string" ? input : JSON.stringify(input);

const listOf = (value: unknown): Body[] => (Array.isArray(value) ? (value as Body[]) : []);

/** Where a format can't mark an error, the content does. */
const markedInContent = (id: string, content: string): WireAnswer => {
  const error = /^\{"error":(.*)\}$/.exec(content)?.[1];
  return error === undefined
    ? { id, content, is_error: false }
    : { id, content: JSON.parse(error), is_error: true };
};

const functionTools = (body: Body): ToolDefinition[] =>
  listOf(body["tools"]).map(({ function: { name, description, parameters } }) => ({
    name,
    description,
    parameters,
  }));

const chatExchange = (body: Body, read: (input: never) => unknown): ReturnType<WireFormat["exchangeIn"]> => ({
  calls: listOf(body["messages"]).flatMap((message) =>
    listOf(message["tool_calls"]).map((call) => ({
      id: call["id"],
      name: call["function"].name,
      input: read(call["function"].arguments as never),
    })),
  ),
  answers: listOf(body["messages"]).flatMap((message) =>
    message["role"] === "tool" ? [markedInContent(message["tool_call_id"], message["content"])] : [],
  ),
});

const CHAT_TOOL_FINISH = { ...CHAT_FINISH, stop: "tool_calls" } as const;

export const chatCompletions: WireFormat = {
  completion: (text, finish) =>
    chatCompletion([
      { index: 0, message: { role: "assistant", content: text }, finish_reason: CHAT_FINISH[finish] },
    ]),
  toolCalls: (text, finish, calls) => {
    const told = calls.map(({ id, name, input }) => ({
      id,
      type: "function",
      function: { name, arguments: asText(input) },
    }));
    const message = { role: "assistant", content: text === "" ? null : text, tool_calls: told };
    return chatCompletion([{ index: 0, message, finish_reason: CHAT_TOOL_FINISH[finish] }]);
  },
  argumentsAreText: true,
  toolsIn: functionTools,
  exchangeIn: (body) => chatExchange(body, JSON.parse),
  empty: chatCompletion([]),
  schemaIn: ({ response_format: { json_schema } }) => ({
    name: json_schema.name,
    schema: json_schema.schema,
  }),
  error: openAiError,
  catalogue: {
    path: "/v1/models",
    body: openAiCatalogue(["qwen2.5-7b-instruct", "b-model", "a-model"]),
    ids: ["a-model", "b-model", "qwen2.5-7b-instruct"],
  },
  usage: { cached: 4, reasoning: 2 },
};

const response = (output: readonly unknown[], finish: Finish): unknown => ({
  id: "resp_1",
  object: "response",
  created_at: 1,
  model: "model-served",
  status: finish === "length" ? "incomplete" : "completed",
  incomplete_details: finish === "length" ? { reason: "max_output_tokens" } : null,
  output,
  usage: {
    input_tokens: 11,
    output_tokens: 7,
    input_tokens_details: { cached_tokens: 4 },
    output_tokens_details: { reasoning_tokens: 2 },
  },
});

const responseMessage = (text: string, finish: Finish): unknown => ({
  type: "message",
  id: "msg_1",
  role: "assistant",
  content: [
    finish === "refusal"
      ? { type: "refusal", refusal: text }
      : { type: "output_text", text, annotations: [] },
  ],
});

export const responses: WireFormat = {
  completion: (text, finish) => response([responseMessage(text, finish)], finish),
  toolCalls: (text, finish, calls) => {
    const told = calls.map(({ id, name, input }, index) => ({
      type: "function_call",
      id: `fc_${index}`,
      call_id: id,
      name,
      arguments: asText(input),
    }));
    const said = text === "" ? [] : [responseMessage(text, "stop")];
    const ended = response([...said, ...told], finish) as Body;
    if (finish !== "refusal") return ended;
    return { ...ended, status: "incomplete", incomplete_details: { reason: "content_filter" } };
  },
  argumentsAreText: true,
  toolsIn: (body) =>
    listOf(body["tools"]).map(({ name, description, parameters }) => ({ name, description, parameters })),
  exchangeIn: (body) => {
    const items = listOf(body["input"]);
    const ofType = (type: string): Body[] => items.filter((item) => item["type"] === type);
    return {
      calls: ofType("function_call").map((item) => ({
        id: item["call_id"],
        name: item["name"],
        input: JSON.parse(item["arguments"]),
      })),
      answers: ofType("function_call_output").map((item) => markedInContent(item["call_id"], item["output"])),
    };
  },
  empty: response([], "stop"),
  schemaIn: ({ text: { format } }) => ({ name: format.name, schema: format.schema }),
  error: openAiError,
  catalogue: {
    path: "/v1/models",
    body: openAiCatalogue([
      "gpt-b",
      "text-embedding-3-small",
      "gpt-a",
      "whisper-1",
      "gpt-4o-mini-tts",
      "dall-e-3",
    ]),
    ids: ["gpt-a", "gpt-b"],
  },
  usage: { cached: 4, reasoning: 2 },
};

const ANTHROPIC_FINISH = { stop: "end_turn", length: "max_tokens", refusal: "refusal" } as const;

const anthropicMessage = (content: readonly unknown[], stop_reason: string): unknown => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "model-served",
  content,
  stop_reason,
  stop_sequence: null,
  usage: { input_tokens: 7, output_tokens: 7, cache_read_input_tokens: 4, cache_creation_input_tokens: 0 },
});

export const messages: WireFormat = {
  completion: (text, finish) => anthropicMessage([{ type: "text", text }], ANTHROPIC_FINISH[finish]),
  toolCalls: (text, finish, calls) => {
    const told = calls.map((call) => ({ type: "tool_use", ...call }));
    const content = [...(text === "" ? [] : [{ type: "text", text }]), ...told];
    return anthropicMessage(content, finish === "stop" ? "tool_use" : ANTHROPIC_FINISH[finish]);
  },
  argumentsAreText: false,
  toolsIn: (body) =>
    listOf(body["tools"]).map(({ name, description, input_schema }) => ({
      name,
      description,
      parameters: input_schema,
    })),
  exchangeIn: (body) => {
    const parts = listOf(body["messages"]).flatMap((message) => listOf(message["content"]));
    const ofType = (type: string): Body[] => parts.filter((part) => part["type"] === type);
    return {
      calls: ofType("tool_use").map(({ id, name, input }) => ({ id, name, input })),
      answers: ofType("tool_result").map(({ tool_use_id: id, content, is_error }) => ({
        id,
        content,
        is_error: is_error === true,
      })),
    };
  },
  empty: anthropicMessage([], "end_turn"),
  schemaIn: ({ output_config: { format } }) => ({ name: null, schema: format.schema }),
  error: (code, message) => ({ type: "error", error: { type: code, message } }),
  catalogue: {
    path: "/v1/models?limit=1000",
    body: {
      data: [
        { type: "model", id: "claude-b", display_name: "B" },
        { type: "model", id: "claude-a", display_name: "A" },
      ],
    },
    ids: ["claude-a", "claude-b"],
  },
  usage: { cached: 4, reasoning: 0 },
};

const OLLAMA_FINISH = { stop: "stop", length: "length", refusal: "content_filter" } as const;

const ollamaAnswer = (message: Body, finish: Finish): unknown => ({
  model: "model-served",
  created_at: "2026-11-23T00:00:00Z",
  message: { role: "assistant", ...message },
  done: true,
  done_reason: OLLAMA_FINISH[finish],
  prompt_eval_count: 11,
  eval_count: 7,
});

export const ollamaChat: WireFormat = {
  completion: (text, finish) => ollamaAnswer({ content: text }, finish),
  toolCalls: (content, finish, calls) => {
    const told = calls.map(({ id, name, input }) => ({ id, function: { name, arguments: input } }));
    return ollamaAnswer({ content, tool_calls: told }, finish);
  },
  argumentsAreText: false,
  toolsIn: functionTools,
  exchangeIn: (body) => chatExchange(body, (input) => input),
  empty: ollamaAnswer({ content: "" }, "stop"),
  schemaIn: ({ format }) => ({ name: null, schema: format }),
  error: (_code, message) => ({ error: message }),
  catalogue: {
    path: "/api/tags",
    body: { models: [{ name: "qwen3:8b" }, { name: "llama3.2:latest" }] },
    ids: ["llama3.2:latest", "qwen3:8b"],
  },
  usage: { cached: 0, reasoning: 0 },
};

/** The schema of a request that carries it in its instructions, as `chat/completions` without `json_schema`. */
export function schemaInInstructions(body: Body): { name: string | null; schema: unknown } {
  const instructions = String(body["messages"][0].content);
  const name = /JSON Schema "([^"]+)"/.exec(instructions)?.[1] ?? null;
  return { name, schema: JSON.parse(instructions.slice(instructions.lastIndexOf("\n") + 1)) };
}
