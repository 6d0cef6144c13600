/** What somebody saw happen: the engine's receipts and the commands that ran. */
export type Seen = {
  readonly tests: boolean;
  readonly build: boolean;
  readonly ran: boolean;
  readonly delivered: boolean;
};

export type Claim = "tests" | "build" | "ran" | "delivered";
export type UnsupportedClaim = { readonly claim: Claim; readonly sentence: string };

const TARGETS =
  "branch|main|master|origin|upstream|remote|production|prod|staging|npm|pypi|crates\\.io|registry|marketplace|github|gitlab|repo|repository|vercel|netlify|heroku|aws|s3|cloud|server|docker ?hub|live";

/** What follows makes the target a part of the program: the main table, the live list. */
const OF_THE_PROGRAM =
  "[-\\s](tables?|lists?|arrays?|objects?|functions?|class(es)?|modules?|loops?|files?|pages?|threads?|windows?|menus?|views?|components?|sections?|data\\w*|sets?|records?|entr(y|ies)|maps?|dictionar(y|ies)|quer(y|ies)|queues?|stacks?|documents?|config\\w*|state|store|index|buffers?|streams?|logs?|text|heading|title|body|content|accounts?|process|scope|layout|template)\\b";

const CLAIMS: readonly { readonly claim: Claim; readonly pattern: RegExp }[] = [
  {
    claim: "tests",
    pattern:
      /\b(tests?|specs?|suite)\b[^.!?\n]{0,60}\b(pass(es|ed|ing)?\b(?!\s+(an?|the|its?|each|through|as|arguments?|data|flags?|options?|`|--))|succeed(s|ed)?\b|are ok\b|exit(s|ed)? (with )?(code )?0\b)/i,
  },
  {
    claim: "tests",
    pattern:
      /\b(tests?|specs?|suite)\b[^.!?\n]{0,30}\b(are|is|all|stays?|remains?|runs?|ran|turned|went|were|now)\s+(\w+\s+){0,2}green\b/i,
  },
  {
    claim: "tests",
    pattern:
      /\b(pass(es|ed|ing)?|green)\b[^.!?\n]{0,4}(\b(all|the|its|every|each|of|our|\d+|unit|integration|existing|new)\b\s*){0,4}\b(tests?|specs?|suite)\b/i,
  },
  // In so many words, which say nothing of what a test does with what.
  {
    claim: "tests",
    pattern: /\b(tests?|specs?|suite|checks)\s(are\s|is\s)?(now\s|all\s)?(ok|okay|green)\b/i,
  },
  {
    claim: "tests",
    pattern:
      /\b(all|every|each|both|\d+)\s(of\s)?((the|these|those|its|our|\d+)\s){0,2}(\w+\s)?checks?\s(now\s|all\s)?(pass(es|ed)?|succeed(s|ed)?)\b(?!\s(an?|the|its?|each|through|as|arguments?|data|flags?|options?|to)\b)/i,
  },
  {
    claim: "tests",
    pattern:
      /\b(CI|pipeline|GitHub Actions)\b[^.!?]{0,20}\b(green|pass(es|ed|ing)?|succeed(s|ed)?)\b(?!\s(an?|the|its?|each|through|as|arguments?|data|flags?|options?|to)\b)/i,
  },
  { claim: "build", pattern: /\b(builds?|compilation)\s(is|are|was)\s(now\s|all\s)?(ok|okay|fine|green)\b/i },
  {
    claim: "build",
    pattern:
      /\b(builds?|built|compiles?|compiled|compilation|type.?checks?)\b[^.!?\n]{0,40}\b(success\w*|succeed(s|ed)?|clean(ly)?|(without|no) (any )?(errors?|warnings?)|passes|passed|green)\b/i,
  },
  {
    claim: "ran",
    pattern:
      /(?<!\b(is|are|be|being|gets?)\s)\b(ran|(been|was|were|have|has) (run|executed)|verified|tested|validated|checked|confirmed)\b[^.!?\n]{0,60}\b(locally|manually|by running|end.to.end|in (a |the )?(sandbox|terminal|browser)|successfully|myself)\b/i,
  },
  { claim: "ran", pattern: /\b(I|we)(\s+(have|also|then|already|just)|['’]ve)*\s+(ran|run|executed)\b/i },
  { claim: "ran", pattern: /\b(I|we)(\s+(have|also|then|already|just)|['’]ve)*\s+(tested|tried)\b/i },
  {
    claim: "ran",
    pattern:
      /(?<!\b(is|are|be|being|gets?)\s)\b(tested|verified|checked|tried|confirmed)\b[^.!?]{0,40}\b(works?|working)\b/i,
  },
  {
    claim: "delivered",
    pattern:
      /^\W{0,5}(successfully\s)?((pushed|deployed|published|merged|released|committed|shipped)((,\s?|\s)(and\s)?)?){1,4}(now|successfully)?\W{0,5}$/i,
  },
  {
    claim: "delivered",
    pattern:
      /\b(PR|MR|pull request|merge request)\b[^.!?]{0,20}\b(is|was|has been)\s(now\s)?(open(ed)?|created|submitted|up|merged|filed|raised)\b/i,
  },
  {
    claim: "delivered",
    pattern: new RegExp(
      `(?<!\\b(is|are|be|being|gets?)\\s)\\b(pushed|deployed|published|merged|released|uploaded|committed|shipped)\\b[^.!?\\n]{0,60}\\b(to|into|on)\\s+(the\\s+|our\\s+|your\\s+|its\\s+|a\\s+)?([\\w-]+\\s+){0,2}(${TARGETS})\\b(?!${OF_THE_PROGRAM})`,
      "i",
    ),
  },
  {
    claim: "delivered",
    // As a state of this work, not as a habit: releases are published to npm by a job.
    pattern: new RegExp(
      `\\b(it|(this|the) ([\\w-]+ )?(changes?|commits?|code|branch|fix|release|package|app|application|site|service|version|work|result))\\s+(is|are)\\s+(now\\s+|already\\s+)?(pushed|deployed|published|merged|released|uploaded|committed|shipped)\\s+(to|into|on)\\s+(the\\s+|our\\s+|your\\s+|its\\s+|a\\s+)?([\\w-]+\\s+){0,2}(${TARGETS})\\s*(branch|server)?\\s*[.!]?$`,
      "i",
    ),
  },
  {
    claim: "delivered",
    pattern:
      /\b(I|we)(\s+(have|also|then|already|just)|['’]ve)*\s+(pushed|deployed|published|released|uploaded|committed|shipped|merged)\b/i,
  },
  {
    claim: "delivered",
    pattern:
      /\b(changes?|commits?|code|branch|fix|release|package|app|application|site|service|version|everything|work)\b[^.!?\n]{0,20}\b(has been|have been|was|were|is now|are now)\s+(successfully\s+)?(pushed|deployed|published|released|uploaded|shipped|committed)\b/i,
  },
  { claim: "delivered", pattern: /\b(is|are|went|goes|now) live\b/i },
  {
    claim: "delivered",
    pattern:
      /\bsuccessfully (pushed|deployed|published|released|uploaded)\b|\b(pushed|deployed|published|released|uploaded) successfully\b/i,
  },
  {
    claim: "delivered",
    pattern:
      /\b(opened|created|submitted|raised|filed)\b[^.!?\n]{0,20}\b(pull request|merge request|PR|MR)\b/i,
  },
];

/** Says that tests pass by denying that any fails. */
const NO_FAILURE =
  /\b(no|zero|0|none of the|not a single)\b[^.!?\n]{0,20}\b(tests?|specs?)\b[^.!?\n]{0,15}\b(fail(s|ed|ing)?|failures?)\b|\b(tests?|specs?|suite)\b[^.!?\n]{0,40}\b(0|no|zero|without( any)?)\s+(failures?|failed|failing|errors?)\b/i;
/** Denies trouble, not the claim beside it. */
const NO_TROUBLE =
  /\b(no|zero|0|without( any)?|not a single|none of the)\s+(\w+\s+){0,2}(errors?|failures?|failed|failing|issues?|problems?|warnings?|regressions?|skips|skipped|exceptions?|defects?|bugs?)\b|\bnothing (fails|failed|broke|is broken|is failing|is red|was skipped)\b/gi;

/** A sentence that begins so wishes or supposes, to its end. */
const SUPPOSES =
  /^\W*(if|unless|until|as soon as|in case|whenever|should|make sure|ensure|please|let|(when|once)(?!\s+(I|we)\s+(ran|run|executed|tested)))\b/i;
const WISH =
  /\b(should|shall|will|would|must|may|might|could|can|if|unless|until|when|once|whether|so (that|the)|in order to|need(s|ed)? to|expect(s|ed)?|requires?|ensures?|make sure|makes?|let|wants?|goal|plan(s|ned)?|yet to|to be)\b|['’]ll\b/i;
const DENIAL =
  /\b(not|never|no|nor|neither|none|nothing|nobody|cannot|unable|without|(fail(s|ed|ing)?|failures?)|unverified|untested)\b|n['’]t\b/i;
const CLAUSE_ENDS =
  /\s*(?:;|\s[–—-]\s|,\s*(?:but|and|so|which|yet|while|although|though)\b|\bbut\b|\bhowever\b|\balthough\b)\s*/i;

/**
 * Sentences that say that something was done which nobody saw done. Wishes, conditions and denials claim nothing; each
 * counts for its own clause.
 */
export function unsupportedClaims(text: string, seen: Seen): readonly UnsupportedClaim[] {
  return sentencesOf(readable(text)).flatMap((sentence) => {
    if (SUPPOSES.test(sentence)) return [];
    const claimed = assertionsOf(sentence).flatMap(claimsOf);
    const claim = claimed.find((one) => !seen[one]);
    return claim ? [{ claim, sentence }] : [];
  });
}

/** Neighbouring clauses that assert something, joined: a later one may speak of what an earlier one names. */
function assertionsOf(sentence: string): string[] {
  const runs: string[][] = [[]];
  for (const clause of sentence.split(CLAUSE_ENDS)) {
    if (isAssertion(clause)) runs.at(-1)?.push(clause);
    else runs.push([]);
  }
  return runs.filter((run) => run.length > 0).map((run) => run.join(", "));
}

function isAssertion(clause: string): boolean {
  if (WISH.test(clause)) return false;
  return NO_FAILURE.test(clause) || !DENIAL.test(clause.replaceAll(NO_TROUBLE, ""));
}

function claimsOf(assertion: string): Claim[] {
  const found = CLAIMS.filter(({ pattern }) => pattern.test(assertion)).map(({ claim }) => claim);
  return NO_FAILURE.test(assertion) ? ["tests", ...found] : found;
}

/** The text without those sentences. */
export function withoutClaims(text: string, claims: readonly UnsupportedClaim[]): string {
  let kept = readable(text);
  for (const { sentence } of claims) kept = kept.replace(sentence, "");
  return kept.replaceAll(/[ \t]{2,}/g, " ").trim();
}

/** Nobody reads more of a summary, and blanks in a row say nothing: both would take long to go through. */
const LONGEST_TEXT = 20_000;

function readable(text: string): string {
  return text
    .replaceAll(/[^\S\n]+/g, " ")
    .replaceAll(/\n{2,}/g, "\n\n")
    .slice(0, LONGEST_TEXT)
    .toWellFormed();
}

function sentencesOf(text: string): string[] {
  return text
    .split(/(?<=[.!?])\s+|\n+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== "");
}
