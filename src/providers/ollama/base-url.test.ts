import { expect, test } from "vitest";

import { ollamaBaseUrl } from "./base-url.ts";

test.each([
  [null, "http://127.0.0.1:11434/api"],
  ["", "http://127.0.0.1:11434/api"],
  ["127.0.0.1:11434", "http://127.0.0.1:11434/api"],
  ["gpu-box", "http://gpu-box:11434/api"],
  [":8080", "http://127.0.0.1:8080/api"],
  ["0.0.0.0", "http://127.0.0.1:11434/api"],
  ["http://gpu-box:11434", "http://gpu-box:11434/api"],
  ["http://gpu-box:11434/", "http://gpu-box:11434/api"],
  ["http://gpu-box:11434/api", "http://gpu-box:11434/api"],
  ["https://ollama.example.com/proxy/api/", "https://ollama.example.com/proxy/api"],
])("OLLAMA_HOST %j is %s", (host, expected) => {
  expect(ollamaBaseUrl(host)).toBe(expected);
});
