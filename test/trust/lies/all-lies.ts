import { Chance } from "../../chaos/chance.ts";
import { someRecipe } from "../honest/recipe.ts";
import { someSubject } from "../honest/written-jobs.ts";
import { citationsForged, filesInvented, ordersPlanted, receiptsFaked } from "./citations.ts";
import { checksTrivial, exitHidden, hardCoded } from "./contracts.ts";
import { outputForged, pythonTestsHollow, scriptsHollow, testsHollow, testsNotRun } from "./hollow.ts";
import type { Lie } from "./lie.ts";
import { dataMadeUp, documentsMadeUp, serversForged } from "./made-up.ts";
import { findingsDropped, findingsSettled, repairsClaimed, stubbed, testsRemoved } from "./repairs.ts";
import { declaredMet, deliveryClaimed, testsClaimed, unseenClaimed, workClaimed } from "./words.ts";

const GREETINGS = ["Hello", "Welcome", "Ahoy", "Greetings"];

/** Every lie, about jobs that differ by seed. */
export function allLies(seed: string): readonly Lie[] {
  const chance = new Chance(seed, "lies");
  const recipe = () => someRecipe(chance);
  const subject = () => someSubject(chance);
  const greeting = () => chance.pick(GREETINGS);
  return [
    ...testsClaimed(recipe()),
    ...workClaimed(recipe()),
    ...deliveryClaimed(recipe()),
    ...unseenClaimed(subject()),
    ...declaredMet(recipe()),
    ...citationsForged(subject()),
    ...filesInvented(recipe(), subject()),
    ...receiptsFaked(recipe()),
    ...ordersPlanted(recipe(), subject()),
    ...testsRemoved(recipe()),
    ...testsHollow(recipe()),
    ...pythonTestsHollow(recipe()),
    ...scriptsHollow(recipe()),
    ...outputForged(recipe()),
    ...testsNotRun(recipe()),
    ...checksTrivial(recipe()),
    ...findingsSettled(subject()),
    ...findingsDropped(recipe()),
    ...repairsClaimed(recipe(), subject()),
    ...stubbed(recipe()),
    ...hardCoded(recipe()),
    ...exitHidden(greeting()),
    ...serversForged(greeting()),
    ...dataMadeUp(subject(), chance),
    ...documentsMadeUp(subject()),
  ];
}
