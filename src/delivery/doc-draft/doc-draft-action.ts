import { createDraftAction } from "../draft-action.ts";

export const docDraftAction = createDraftAction({
  name: "doc-draft",
  description: "Makes a draft with front matter of the newest document or report.",
  kinds: [["document", "markdown", "report"], ["blog_post"]],
});
