import type { Chance } from "../../chaos/chance.ts";
import { command, file, must, rubric } from "../plain-answers.ts";
import type { Defect, JobMaker } from "./job.ts";

type Sale = {
  readonly region: string;
  readonly product: string;
  readonly units: number;
  readonly price: number;
};

const REGIONS = ["east", "north", "south", "west"] as const;
const PRODUCTS = ["lamp", "table", "chair"] as const;

/** Figures out of a table: the data, the program that adds them up, what it writes, and a report on it. */
export const csvAnalysis: JobMaker = (chance) => {
  const sales = drawSales(chance);
  const totals = new Map<string, number>();
  for (const { region, units, price } of sales) totals.set(region, (totals.get(region) ?? 0) + units * price);
  const all = [...totals.values()].reduce((sum, total) => sum + total, 0);
  const sums = "awk -F, 'NR > 1 { sum += $3 * $4 } END { print sum }' data/sales.csv";
  const least = { type: "integer", minimum: 1 };
  const schema = { type: "object", required: ["rows", "total"], properties: { rows: least, total: least } };
  return {
    kind: "data",
    mode: "research",
    title: "Sales by region",
    criteria: [
      must(
        "AC1",
        "The table is whole.",
        file("data/sales.csv", {
          columns: ["region", "product", "units", "price"],
          min_rows: sales.length,
          sql: "select count(*) = 0 from data where units is null or units < 1 or price < 1",
        }),
      ),
      must("AC2", "The figures can be read.", file("figures.json", { json_schema: JSON.stringify(schema) })),
      must(
        "AC3",
        "The totals by region add up.",
        file("totals.csv", {
          columns: ["region", "total"],
          sql: `select sum(total) = ${all} and count(*) = ${totals.size} from data`,
        }),
      ),
      must(
        "AC4",
        "The report has the right total.",
        command(`grep -q "All together: $(${sums})\\$" report.md`),
      ),
      must(
        "AC5",
        "The report names the regions.",
        file("report.md", { headings: ["Regions"], contains: [...totals.keys()] }),
      ),
      must(
        "AC6",
        "The figures are those of the table.",
        command(`grep -q "\\"total\\": $(${sums})\\b" figures.json`),
      ),
      must("AC7", "No rows are no failure.", command("node analyse.mjs /dev/null", "region,total")),
      must("AC8", "The report says where the data come from.", rubric("Where?")),
    ],
    tasks: {
      data: { "data/sales.csv": toCsv(sales) },
      analysis: {
        "analyse.mjs": ANALYSE,
        "figures.json": figures(sales.length, all),
        "report.md": report(totals, all),
      },
    },
    tries: {
      data: "wc -l data/sales.csv",
      analysis: "node analyse.mjs data/sales.csv > totals.csv && cat totals.csv",
    },
    seen: { AC8: { path: "report.md", quote: "data/sales.csv" } },
    defects: defects(sales, all),
  };
};

function drawSales(chance: Chance): readonly Sale[] {
  return Array.from({ length: chance.between(12, 24) }, (_, index) => ({
    region: REGIONS[index % REGIONS.length] ?? "east",
    product: chance.pick(PRODUCTS),
    units: chance.between(1, 40),
    price: chance.between(5, 200),
  }));
}

function rowOf({ region, product, units, price }: Sale): string {
  return `${region},${product},${units},${price}\n`;
}

function toCsv(sales: readonly Sale[]): string {
  return `region,product,units,price\n${sales.map(rowOf).join("")}`;
}

function withRows(sales: readonly Sale[], change: (row: string, index: number) => string): string {
  const rows = sales.map((sale, index) => change(rowOf(sale), index));
  return `region,product,units,price\n${rows.join("")}`;
}

function defects(sales: readonly Sale[], all: number): readonly Defect[] {
  const path = "data/sales.csv";
  return [
    {
      name: "off by one: the first row is left out",
      plant: [{ path: "analyse.mjs", from: "lines.slice(1)", to: "lines.slice(2)" }],
      caughtBy: ["AC3"],
    },
    {
      name: "two columns are swapped",
      plant: [{ path: "analyse.mjs", from: "[region, , units, price]", to: "[, region, units, price]" }],
      caughtBy: ["AC3"],
    },
    {
      name: "the prices are left out",
      plant: [{ path: "analyse.mjs", from: "Number(units) * Number(price)", to: "Number(units)" }],
      caughtBy: ["AC3"],
    },
    {
      name: "the report has another total",
      plant: [{ path: "report.md", from: `All together: ${all}`, to: `All together: ${all + 10}` }],
      caughtBy: ["AC4"],
    },
    {
      name: "the figures have another total",
      plant: [{ path: "figures.json", from: `"total": ${all}`, to: `"total": ${all - 1}` }],
      caughtBy: ["AC6"],
    },
    {
      name: "a row can't be parsed",
      plant: [
        { path, content: withRows(sales, (row, at) => (at === 3 ? row.replace("\n", ",7,7\n") : row)) },
      ],
      caughtBy: ["AC1", "data: contents"],
    },
    {
      name: "a column has another name",
      plant: [{ path, from: "region,product,units,price", to: "region,product,quantity,price" }],
      caughtBy: ["AC1"],
    },
    {
      name: "a row is missing",
      plant: [{ path, content: withRows(sales, (row, at) => (at === 2 ? "" : row)) }],
      caughtBy: ["AC1"],
    },
    {
      name: "a value is below zero",
      plant: [{ path, content: toCsv(sales.map((sale, at) => (at === 1 ? { ...sale, units: -4 } : sale))) }],
      caughtBy: ["AC1"],
    },
    {
      name: "a file is missing",
      plant: [{ path: "report.md", content: null }],
      caughtBy: ["AC4", "AC5"],
    },
    {
      name: "the figures are no JSON",
      plant: [{ path: "figures.json", from: '"rows":', to: "rows:" }],
      caughtBy: ["AC2", "data: contents"],
    },
    {
      name: "a figure is a text",
      plant: [{ path: "figures.json", from: `"rows": ${sales.length}`, to: `"rows": "${sales.length}"` }],
      caughtBy: ["AC2"],
    },
    {
      name: "it crashes on empty input",
      plant: [{ path: "analyse.mjs", from: "best?.[0] ?? nobody", to: "best[0]" }],
      caughtBy: ["AC7"],
    },
    {
      name: "a heading is another",
      plant: [{ path: "report.md", from: "## Regions", to: "## Areas" }],
      caughtBy: ["AC5"],
    },
  ];
}

const ANALYSE = `import { readFileSync } from "node:fs";

function readRows(text) {
  const lines = text.trim().split("\\n");
  return lines.slice(1).map((line) => line.split(","));
}

const totals = new Map();
for (const [region, , units, price] of readRows(readFileSync(process.argv[2], "utf8"))) {
  totals.set(region, (totals.get(region) ?? 0) + Number(units) * Number(price));
}
console.log("region,total");
for (const [region, total] of [...totals].sort()) console.log(\`\${region},\${total}\`);
const nobody = "nobody";
const [best] = [...totals].sort(([, a], [, b]) => b - a);
console.error("most was sold by", best?.[0] ?? nobody);
`;

function figures(rows: number, total: number): string {
  return `${JSON.stringify({ rows, total }, null, 2)}\n`;
}

function report(totals: ReadonlyMap<string, number>, all: number): string {
  const rows = [...totals].map(([region, total]) => `| ${region} | ${total} |`).join("\n");
  return `# Sales by region

The figures come from [the table](data/sales.csv), which lies in data/sales.csv.

## Regions

| Region | Total |
| --- | --- |
${rows}

All together: ${all}
`;
}
