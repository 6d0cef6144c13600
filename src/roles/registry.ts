import type { RoleName } from "../core/role-name.ts";
import type { Role } from "../ports/role.ts";
import { architect } from "./architect/role.ts";
import { director } from "./director/role.ts";
import { finalizer } from "./finalizer/role.ts";
import { implementer } from "./implementer/role.ts";
import { projectManager } from "./project-manager/role.ts";
import { qa } from "./qa/role.ts";
import { refiner } from "./refiner/role.ts";

/** Every role by its name. */
export const roles = {
  director,
  project_manager: projectManager,
  architect,
  implementer,
  qa,
  finalizer,
  refiner,
} satisfies Record<RoleName, Role>;
