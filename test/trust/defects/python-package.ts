import { command, file, must, rubric } from "../plain-answers.ts";
import type { Defect, JobMaker } from "./job.ts";

const NAMES = ["romans", "numerals", "roman_numbers"] as const;
const NUMBERS = [
  [1994, "MCMXCIV"],
  [1949, "MCMXLIX"],
  [2944, "MMCMXLIV"],
  [949, "CMXLIX"],
] as const;

/** A Python package with tests by unittest, which needs nothing but Python. */
export const pythonPackage: JobMaker = (chance) => {
  const name = chance.pick(NAMES);
  const [number, numeral] = chance.pick(NUMBERS);
  const run = `python3 -m ${name}`;
  return {
    kind: "python",
    mode: "software",
    title: `A package ${name} for Roman numerals`,
    criteria: [
      must("AC1", "Its tests pass.", command("python3 -m unittest discover -s tests -t .", "OK")),
      must("AC2", "It writes numbers as numerals.", command(`${run} ${number}`, numeral)),
      must("AC3", "It reads numerals in any case.", command(`${run} ${numeral.toLowerCase()}`, `${number}`)),
      must("AC4", "Nothing is refused.", command(`${run} ''`, "no number", 2)),
      must("AC5", "What is no numeral is refused.", command(`${run} IIII`, "no number", 2)),
      must("AC6", "It can be installed.", file("pyproject.toml", { contains: [`name = "${name}"`] })),
      must("AC7", "README.md says which numbers there are.", rubric("Which ones?")),
    ],
    tasks: {
      package: {
        "pyproject.toml": `[project]\nname = "${name}"\nversion = "1.0.0"\n`,
        [`${name}/__init__.py`]: NUMERALS,
        [`${name}/__main__.py`]: main(name),
      },
      tests: { "tests/__init__.py": "", "tests/test_numerals.py": tests(name), "README.md": readme(name) },
    },
    tries: { package: `${run} ${number}`, tests: "python3 -m unittest discover -s tests -t ." },
    seen: { AC7: { path: "README.md", quote: "from 1 to 3999" } },
    defects: defects(name),
  };
};

function defects(name: string): readonly Defect[] {
  const numerals = `${name}/__init__.py`;
  const entry = `${name}/__main__.py`;
  return [
    {
      name: "off by one: the greatest number is refused",
      plant: [{ path: numerals, from: "1 <= number <= 3999", to: "1 <= number < 3999" }],
      caughtBy: ["AC1", "python: test"],
    },
    {
      name: "two signs are swapped",
      plant: [{ path: numerals, from: '(900, "CM")', to: '(900, "MC")' }],
      caughtBy: ["AC1", "AC2", "AC3", "python: test"],
    },
    {
      name: "a pair is missing",
      plant: [{ path: numerals, from: '    (40, "XL"),\n', to: "" }],
      caughtBy: ["AC1", "python: test"],
    },
    {
      name: "it crashes on empty input",
      plant: [{ path: entry, from: 'if text == "":', to: "if text is None:" }],
      caughtBy: ["AC4"],
    },
    {
      name: "the exit code is wrong",
      plant: [{ path: entry, from: "return 2", to: "return 0" }],
      caughtBy: ["AC4", "AC5"],
    },
    {
      name: "what is no numeral is read all the same",
      plant: [{ path: numerals, from: "if to_numeral(number) != text:", to: "if number == 0:" }],
      caughtBy: ["AC5"],
    },
    {
      name: "small letters are not read",
      plant: [{ path: entry, from: "argument.strip().upper()", to: "argument.strip()" }],
      caughtBy: ["AC3"],
    },
    {
      name: "a file is missing",
      plant: [{ path: entry, content: null }],
      caughtBy: ["AC2", "AC3", "AC4", "AC5"],
    },
    {
      name: "it does not parse",
      plant: [{ path: numerals, from: "def to_numeral(number):", to: "def to_numeral(number:" }],
      caughtBy: ["AC1", "AC2", "python: build"],
    },
    {
      name: "a test expects what is wrong",
      plant: [{ path: "tests/test_numerals.py", from: '"XLIV"', to: '"XXXXIV"' }],
      caughtBy: ["AC1", "python: test"],
    },
    {
      name: "it bears another name",
      plant: [{ path: "pyproject.toml", from: `name = "${name}"`, to: 'name = "untitled"' }],
      caughtBy: ["AC6"],
    },
  ];
}

const NUMERALS = `SIGNS = [
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
]


def to_numeral(number):
    if not 1 <= number <= 3999:
        raise ValueError(f"no number from 1 to 3999: {number}")
    text = ""
    for value, sign in SIGNS:
        while number >= value:
            text += sign
            number -= value
    return text


def from_numeral(text):
    number = 0
    rest = text
    for value, sign in SIGNS:
        while rest.startswith(sign):
            number += value
            rest = rest[len(sign):]
    if rest:
        raise ValueError(f"no number: {text}")
    if to_numeral(number) != text:
        raise ValueError(f"no number: {text}")
    return number
`;

function main(name: string): string {
  return `import sys

from ${name} import from_numeral, to_numeral


def main(argument):
    text = argument.strip().upper()
    try:
        if text == "":
            raise ValueError("no number: nothing was given")
        print(to_numeral(int(text)) if text[0].isdigit() else from_numeral(text))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


sys.exit(main(sys.argv[1]))
`;
}

function tests(name: string): string {
  return `import unittest

from ${name} import from_numeral, to_numeral


class NumeralsTest(unittest.TestCase):
    def test_writes(self):
        self.assertEqual(to_numeral(44), "XLIV")
        self.assertEqual(to_numeral(994), "CMXCIV")
        self.assertEqual(to_numeral(3999), "MMMCMXCIX")

    def test_reads_what_it_writes(self):
        for number in (1, 4, 9, 58, 900, 1987):
            self.assertEqual(from_numeral(to_numeral(number)), number)

    def test_refuses(self):
        for number in (0, 4000):
            with self.assertRaises(ValueError):
                to_numeral(number)
`;
}

function readme(name: string): string {
  return `# ${name}

Writes and reads Roman numerals from 1 to 3999: \`python3 -m ${name} 14\`.
`;
}
