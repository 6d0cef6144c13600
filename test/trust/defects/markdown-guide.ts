import { command, file, must, rubric } from "../plain-answers.ts";
import type { Defect, JobMaker } from "./job.ts";

const NAMES = ["kettle", "lantern", "harbour", "orchard"] as const;

/** A guide of several pages that lead to each other. */
export const markdownGuide: JobMaker = (chance) => {
  const name = chance.pick(NAMES);
  const port = chance.between(4000, 4999);
  return {
    kind: "guide",
    mode: "docs",
    title: `A guide to ${name}`,
    criteria: [
      must(
        "AC1",
        "The first page is short and leads on.",
        file("README.md", { headings: ["Where to begin", "Where to ask"], min_words: 40, max_words: 150 }),
      ),
      must(
        "AC2",
        "The guide tells how it is installed.",
        file("docs/install.md", { headings: ["Requirements"], contains: [`npm install -g ${name}`] }),
      ),
      must(
        "AC3",
        "Help is long enough to be one.",
        file("docs/help.md", { headings: ["Nothing happens", "The port is taken"], min_words: 60 }),
      ),
      must("AC4", "The four commands are listed.", command("test $(grep -c '^| `' docs/use.md) -eq 4")),
      must("AC5", "The port is the same on every page.", command(`grep -q ${port} docs/use.md docs/help.md`)),
      must(
        "AC6",
        "The guide names no other port.",
        command(`! grep -rhoE '\\b[0-9]{4}\\b' docs | grep -v ${port}`),
      ),
      must("AC7", "The reader learns whom to ask.", rubric("Where?")),
    ],
    tasks: {
      pages: {
        "docs/install.md": install(name),
        "docs/use.md": use(name, port),
        "docs/help.md": help(name, port),
      },
      front: { "README.md": readme(name) },
    },
    tries: { pages: "wc -w docs/*.md", front: "grep -c docs/ README.md" },
    seen: { AC7: { path: "README.md", quote: "Ask in the forum" } },
    defects: defects(name, port),
  };
};

function defects(name: string, port: number): readonly Defect[] {
  const filler = "There is more to be said about it than anybody would want to read. ".repeat(12);
  return [
    {
      name: "a link leads to a page that is not there",
      plant: [{ path: "README.md", from: "(docs/use.md)", to: "(docs/usage.md)" }],
      caughtBy: ["documents: contents"],
    },
    {
      name: "a link leads to a heading that is not there",
      plant: [{ path: "README.md", from: "#nothing-happens", to: "#it-does-nothing" }],
      caughtBy: ["documents: contents"],
    },
    {
      name: "a heading is another",
      plant: [{ path: "docs/install.md", from: "## Requirements", to: "## Remarks" }],
      caughtBy: ["AC2"],
    },
    {
      name: "a page is too short",
      plant: [
        {
          path: "docs/help.md",
          content: `# Help\n\n## Nothing happens\n\nWait.\n\n## The port is taken\n\nTake another than ${port}.\n`,
        },
      ],
      caughtBy: ["AC3"],
    },
    {
      name: "the first page is too long",
      plant: [{ path: "README.md", from: "## Where to ask\n", to: `${filler}\n\n## Where to ask\n` }],
      caughtBy: ["AC1"],
    },
    {
      name: "a page is missing",
      plant: [{ path: "docs/install.md", content: null }],
      caughtBy: ["AC2", "documents: contents"],
    },
    {
      name: "a command is wrong",
      plant: [{ path: "docs/install.md", from: `npm install -g ${name}`, to: `npm install ${name}` }],
      caughtBy: ["AC2"],
    },
    {
      name: "a page is unfinished",
      plant: [{ path: "docs/use.md", from: "Every command", to: "TODO: say more.\n\nEvery command" }],
      caughtBy: ["documents: contents"],
    },
    {
      name: "a row of the table is missing",
      plant: [{ path: "docs/use.md", from: "| `status` | says whether it runs |\n", to: "" }],
      caughtBy: ["AC4"],
    },
    {
      name: "a number differs from page to page",
      plant: [{ path: "docs/help.md", from: `on port ${port}`, to: `on port ${port + 1}` }],
      caughtBy: ["AC6"],
    },
    {
      name: "a heading is empty",
      plant: [{ path: "docs/use.md", from: "## Commands", to: "##" }],
      caughtBy: ["documents: contents"],
    },
  ];
}

function readme(name: string): string {
  return `# ${name}

A small server for notes that a group of people keeps together, with nothing to set up.

## Where to begin

- [Install it](docs/install.md)
- [Use it](docs/use.md)
- [Get help](docs/help.md), first of all when [nothing happens](docs/help.md#nothing-happens)

Whoever reads these pages in this order has a server that runs after ten minutes.

## Where to ask

Ask in the forum; somebody answers within a day.
`;
}

function install(name: string): string {
  return `# Install

## Requirements

A computer with Node and a folder that may be written to.

## Steps

\`\`\`sh
npm install -g ${name}
\`\`\`

Then go on with [the commands](use.md#commands).
`;
}

function use(name: string, port: number): string {
  return `# Use

The server listens on port ${port}.

## Commands

| Command | Does |
| --- | --- |
| \`start\` | starts the server |
| \`stop\` | stops it |
| \`status\` | says whether it runs |
| \`export\` | writes all notes into a file |

Every command is given to ${name}, such as \`${name} start\`.
`;
}

function help(name: string, port: number): string {
  return `# Help

## Nothing happens

Look whether the server runs with \`${name} status\`. When it does not, start it and read what it says: it names the file
that it could not read or the folder that it could not write. When it does, open the page in another browser.

## The port is taken

Another program listens on port ${port}. End it, or give the server another port in its settings, and start it again. The
notes stay where they are, whatever the port.
`;
}
