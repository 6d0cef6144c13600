const LONGEST_SLUG = 40;

/** `landing-page-4f2a91c0`: the title in plain ASCII, and what tells the workflow from others. */
export function bundleName({
  title,
  workflow_id,
}: {
  readonly title: string;
  readonly workflow_id: string;
}): string {
  return `${slugOf(title) || "workflow"}-${shortId(workflow_id)}`;
}

function slugOf(title: string): string {
  return title
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, LONGEST_SLUG)
    .replaceAll(/^-+|-+$/g, "");
}

/** Ids begin with the time at which they were made, so that those of one minute differ only in their random tail. */
function shortId(id: string): string {
  const characters = id.replaceAll(/[^A-Za-z0-9]/g, "").toLowerCase();
  return characters.slice(-16).slice(0, 8) || "0";
}
