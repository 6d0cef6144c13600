import { Chance } from "../../chaos/chance.ts";
import { citedCases } from "./cited-cases.ts";
import type { HonestCase } from "./honest-case.ts";
import { besideCases, findingCases, repairCases, toolCases } from "./judged-cases.ts";
import { plainCases, testCases } from "./plain-cases.ts";
import { someRecipe } from "./recipe.ts";
import { wordedCases, writtenCases } from "./worded-cases.ts";
import { someSubject } from "./written-jobs.ts";

/** Every honest job; what they are about differs by seed. */
export function allHonest(seed: string): readonly HonestCase[] {
  const chance = new Chance(seed, "honest");
  const recipe = () => someRecipe(chance);
  const subject = () => someSubject(chance);
  return [
    ...plainCases(recipe(), subject(), chance),
    ...testCases(recipe()),
    ...repairCases(recipe(), subject()),
    ...findingCases(recipe()),
    ...besideCases(recipe(), subject()),
    ...toolCases(recipe()),
    ...citedCases(subject()),
    ...wordedCases(recipe(), subject()),
    ...writtenCases(subject(), chance),
  ];
}
