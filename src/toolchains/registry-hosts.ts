/** The package registries of the toolchains: all that their commands may reach. */
export const REGISTRY_HOSTS = {
  npm: ["registry.npmjs.org"],
  yarn: ["registry.yarnpkg.com", "registry.npmjs.org"],
  pypi: ["pypi.org", "files.pythonhosted.org"],
  go: ["proxy.golang.org", "sum.golang.org"],
  crates: ["index.crates.io", "static.crates.io"],
  maven: ["repo.maven.apache.org", "repo1.maven.org"],
  gradle: ["plugins.gradle.org", "plugins-artifacts.gradle.org", "repo.maven.apache.org", "repo1.maven.org"],
} as const satisfies Record<string, readonly string[]>;

export const KNOWN_HOSTS: ReadonlySet<string> = new Set(Object.values(REGISTRY_HOSTS).flat());
