/** How to connect a model, for a person who has none. The lines are commands to type. */
export const CONNECTING_ADVICE: readonly string[] = [
  "Connect a model by setting one of these where orca runs:",
  "  export OPENAI_API_KEY=...        # with OPENAI_BASE_URL for any OpenAI-compatible endpoint",
  "  export ANTHROPIC_API_KEY=...",
  "  export COPILOT_GITHUB_TOKEN=...",
  "  export OLLAMA_HOST=127.0.0.1:11434   # a local model, after: ollama pull <model>",
  "or list it under providers: in orca.yaml.",
];
