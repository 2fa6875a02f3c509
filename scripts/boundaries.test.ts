import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const planted: string[] = [];
afterEach(() => {
	for (const path of planted.splice(0)) rmSync(path, { force: true });
});

function plant(path: string, text: string): void {
	planted.push(join(root, path));
	writeFileSync(join(root, path), text);
}

function check(...paths: string[]): string {
	const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");
	const { stdout, stderr } = spawnSync(process.execPath, [biome, "lint", "--colors=off", ...paths], {
		cwd: root,
		encoding: "utf8",
	});
	return stdout + stderr;
}

/** A boundary that is not checked is not there: one violation of each kind must be found. */
describe("the check finds", () => {
	test.each([
		["contracts that import runtime", "contracts/src/zz-planted.ts", "@netconductor/runtime/errors"],
		["contracts that import Node", "contracts/src/zz-planted.ts", "node:fs"],
		["runtime that imports a service", "runtime/src/zz-planted.ts", "@netconductor/service-auth/service"],
		["drivers that import a service", "drivers/core/src/zz-planted.ts", "@netconductor/service-auth/service"],
		["templating that imports a service", "templating/src/zz-planted.ts", "@netconductor/service-config/service"],
		["templating that imports drivers", "templating/src/zz-planted.ts", "@netconductor/driver-core/session"],
		["the host importing templating", "apps/server/src/zz-planted.ts", "@netconductor/templating/engine"],
		[
			"platform data that imports the driver core",
			"drivers/platforms/src/zz-planted.ts",
			"@netconductor/driver-core/session",
		],
		["a service that imports another", "services/backup/src/zz-planted.ts", "@netconductor/service-devices/service"],
		["tasks that imports another service", "services/tasks/src/zz-planted.ts", "@netconductor/service-devices/service"],
		[
			"a service besides tasks that talks to devices",
			"services/backup/src/zz-planted.ts",
			"@netconductor/driver-core/session",
		],
		["a service that imports the lab", "services/tasks/src/zz-planted.ts", "@netconductor/lab/sim/fleet"],
		["the command line importing runtime", "apps/cli/src/zz-planted.ts", "@netconductor/runtime/errors"],
		["the web app importing a service", "apps/web/src/zz-planted.ts", "@netconductor/service-auth/service"],
		["the lab importing the product", "lab/zz-planted.ts", "@netconductor/driver-core/session"],
	])("%s", (_, path, imported) => {
		plant(path, `import * as planted from "${imported}";\nexport const kept = planted;\n`);
		expect(check(path)).toContain("noRestrictedImports");
	});

	test("a package that is not declared", () => {
		plant("services/audit/src/zz-planted.ts", 'import { Client } from "ssh2";\nexport const kept = Client;\n');
		expect(check("services/audit/src/zz-planted.ts")).toContain("noUndeclaredDependencies");
	});

	test("a circle of imports", () => {
		plant("runtime/src/zz-planted.ts", 'import { b } from "./zz-planted-too.ts";\nexport const a = () => b;\n');
		plant("runtime/src/zz-planted-too.ts", 'import { a } from "./zz-planted.ts";\nexport const b = () => a;\n');
		expect(check("runtime/src")).toContain("noImportCycles");
	});

	test("the environment read outside configuration", () => {
		plant("services/audit/src/zz-planted.ts", "export const kept = process.env.HOME;\n");
		expect(check("services/audit/src/zz-planted.ts")).toContain("noProcessEnv");
	});
});
