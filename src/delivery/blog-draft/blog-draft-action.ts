import { createDraftAction } from "../draft-action.ts";

export const blogDraftAction = createDraftAction({
  name: "blog-draft",
  description: "Makes a draft with front matter of the newest article.",
  kinds: [["blog_post"], ["markdown", "document"]],
});
