import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** What may not be imported: from where, and what. */
const imports = [
	["contracts that import runtime", "contracts/src", "@netconductor/runtime/errors"],
	["contracts that import Node", "contracts/src", "node:fs"],
	["runtime that imports a service", "runtime/src", "@netconductor/service-auth/service"],
	["drivers that import a service", "drivers/core/src", "@netconductor/service-auth/service"],
	["templating that imports a service", "templating/src", "@netconductor/service-config/service"],
	["templating that imports drivers", "templating/src", "@netconductor/driver-core/session"],
	["the host importing templating", "apps/server/src", "@netconductor/templating/engine"],
	["platform data that imports the driver core", "drivers/platforms/src", "@netconductor/driver-core/session"],
	["a service that imports another", "services/backup/src", "@netconductor/service-devices/service"],
	["tasks that imports another service", "services/tasks/src", "@netconductor/service-devices/service"],
	["a service besides tasks that talks to devices", "services/backup/src", "@netconductor/driver-core/session"],
	["a service that imports the lab", "services/tasks/src", "@netconductor/lab/sim/fleet"],
	["the command line importing runtime", "apps/cli/src", "@netconductor/runtime/errors"],
	["the web app importing a service", "apps/web/src", "@netconductor/service-auth/service"],
	["the lab importing the product", "lab", "@netconductor/driver-core/session"],
] as const;

const root = join(import.meta.dirname, "..");
const planted = new Map<string, string>([
	...imports.map(
		([, folder, imported], i) =>
			[
				`${folder}/zz-planted-${i}.ts`,
				`import * as planted from "${imported}";\nexport const kept = planted;\n`,
			] as const,
	),
	["services/audit/src/zz-undeclared.ts", 'import { Client } from "ssh2";\nexport const kept = Client;\n'],
	["runtime/src/zz-circle.ts", 'import { b } from "./zz-circle-too.ts";\nexport const a = () => b;\n'],
	["runtime/src/zz-circle-too.ts", 'import { a } from "./zz-circle.ts";\nexport const b = () => a;\n'],
	["services/audit/src/zz-environment.ts", "export const kept = process.env.HOME;\n"],
]);

interface Report {
	diagnostics: { category: string; location: { path: string } }[];
}

/** Names of the rules that a planted file breaks. Each run of the check reads the whole house, so all files are planted for one. */
let broken: (path: string) => string[];

beforeAll(() => {
	for (const [path, text] of planted) writeFileSync(join(root, path), text);
	const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");
	const { stdout } = spawnSync(
		process.execPath,
		[biome, "lint", "--reporter=json", "--max-diagnostics=none", ...planted.keys()],
		{ cwd: root, encoding: "utf8" },
	);
	const { diagnostics }: Report = JSON.parse(stdout);
	broken = (path) => diagnostics.filter(({ location }) => location.path === path).map(({ category }) => category);
});
afterAll(() => {
	for (const path of planted.keys()) rmSync(join(root, path), { force: true });
});

/** A boundary that is not checked is not there: one violation of each kind must be found. */
describe("the check finds", () => {
	test.each(imports.map(([what, folder], i) => [what, `${folder}/zz-planted-${i}.ts`]))("%s", (_, path) => {
		expect(broken(path)).toContain("lint/style/noRestrictedImports");
	});

	test("a package that is not declared", () => {
		expect(broken("services/audit/src/zz-undeclared.ts")).toContain("lint/correctness/noUndeclaredDependencies");
	});

	test("a circle of imports", () => {
		expect(broken("runtime/src/zz-circle.ts")).toContain("lint/suspicious/noImportCycles");
	});

	test("the environment read outside configuration", () => {
		expect(broken("services/audit/src/zz-environment.ts")).toContain("lint/style/noProcessEnv");
	});
});
