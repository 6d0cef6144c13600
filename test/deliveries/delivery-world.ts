import { type GitRemote, startGitRemote } from "../../src/delivery/git-push/git-remote.testsuite.ts";
import type { Chance } from "../chaos/chance.ts";
import { type FakeGitHub, startFakeGitHub } from "../github/fake-github.ts";
import { type Receiver, startReceiver } from "../webhooks/receiver.ts";

export const PROVED_ACTIONS = ["github-pr", "git-push", "webhook"] as const;
export type ProvedAction = (typeof PROVED_ACTIONS)[number];

/** A commit that a person made on a branch of ours. */
export type HumanCommit = {
  readonly action: ProvedAction;
  readonly branch: string;
  readonly sha: string;
  readonly path: string;
};

const REPOSITORY = "acme/site";
const TOKEN = "token-of-the-proof-0123456789";
const SECRET = `whsec_${Buffer.from("a secret of the proof of deliveries").toString("base64")}`;
const BEFORE = { "README.md": "# Site\n", "src/index.html": "<p>Before.</p>\n" };

/** One in so many calls that change something is answered by a connection that is cut after the effect. */
const DROPPED_SHARE = 0.04;

/** Where deliveries go, which outlives every node: GitHub, a git repository and a receiver of webhooks. */
export class DeliveryWorld {
  readonly github: FakeGitHub;
  readonly remote: GitRemote;
  readonly receiver: Receiver;
  readonly humans: HumanCommit[] = [];

  private constructor(github: FakeGitHub, remote: GitRemote, receiver: Receiver) {
    this.github = github;
    this.remote = remote;
    this.receiver = receiver;
  }

  static async open(): Promise<DeliveryWorld> {
    const github = await startFakeGitHub();
    const remote = await startGitRemote();
    const receiver = await startReceiver({ secrets: [SECRET] });
    github.world.tokens.set(TOKEN, { login: "acme", scopes: ["repo"] });
    github.world.createRepository(REPOSITORY, { files: BEFORE });
    remote.commit("main", BEFORE);
    return new DeliveryWorld(github, remote, receiver);
  }

  get environment(): Readonly<Record<string, string>> {
    return { GITHUB_TOKEN: TOKEN, PROOF_SECRET: SECRET };
  }

  /** What orca.yaml says of it. */
  get settings() {
    return {
      workflow: { default_model: "fake/m1", outward_delivery: "allow" },
      delivery: {
        github: { api_url: this.github.origin },
        git: { allowed: [this.remote.home] },
      },
      egress: { allowed_hosts: [this.receiver.host] },
      secrets: { environment: ["GITHUB_TOKEN", "PROOF_SECRET"] },
    };
  }

  deliveryBy(action: ProvedAction): { readonly action: string; readonly config: Record<string, unknown> } {
    switch (action) {
      case "github-pr":
        return { action, config: { repo: REPOSITORY, labels: ["orca"] } };
      case "git-push":
        return { action, config: { remote: this.remote.path } };
      case "webhook":
        return { action, config: { url: this.receiver.url, secret: "secret://PROOF_SECRET" } };
    }
  }

  get pulls() {
    return this.github.world.repository(REPOSITORY).snapshot().pulls;
  }

  /** Ours, without the branches that were there before. */
  branchesOf(action: "github-pr" | "git-push"): readonly string[] {
    const all =
      action === "git-push"
        ? this.remote.branches()
        : Object.keys(this.github.world.repository(REPOSITORY).snapshot().branches);
    return all.filter((branch) => branch !== "main");
  }

  /** Ids of all commits that a branch leads to. */
  commitsOf(action: "github-pr" | "git-push", branch: string): readonly string[] {
    if (action === "git-push") return this.remote.commits(branch);
    const { branches } = this.github.world.repository(REPOSITORY).snapshot();
    return branches[branch]?.commits.map(({ sha }) => sha) ?? [];
  }

  messagesOf(action: "github-pr" | "git-push", branch: string): readonly string[] {
    if (action === "git-push")
      return this.remote
        .git("log", "--format=%B%x00", branch)
        .split("\0")
        .filter((text) => text.trim() !== "");
    const { branches } = this.github.world.repository(REPOSITORY).snapshot();
    return branches[branch]?.commits.map(({ message }) => message) ?? [];
  }

  filesOf(action: "github-pr" | "git-push", branch: string): Readonly<Record<string, string>> {
    if (action === "git-push") return this.remote.files(branch);
    return this.github.world.repository(REPOSITORY).snapshot().branches[branch]?.files ?? {};
  }

  /** A person adds a file to one of our branches, if there is one. */
  someoneCommits(chance: Chance): void {
    const action = chance.pick(["github-pr", "git-push"] as const);
    const branches = this.branchesOf(action);
    if (branches.length === 0) return;
    const branch = chance.pick(branches);
    const path = `notes/by-hand-${this.humans.length + 1}.md`;
    const files = { [path]: `Noted ${this.humans.length + 1}.\n` };
    const sha =
      action === "git-push"
        ? this.remote.commit(branch, files, { from: branch })
        : this.github.world.humanCommit(REPOSITORY, branch, files);
    this.humans.push({ action, branch, sha, path });
  }

  /** From now on some answers of GitHub are lost after their effect; null: none is. */
  dropAnswers(chance: Chance | null): void {
    this.github.fail(
      chance === null
        ? null
        : ({ method }) => (method !== "GET" && chance.likely(DROPPED_SHARE) ? "dropped" : null),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.github.close(), this.remote.close(), this.receiver.close()]);
  }
}
