import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const ours = join(import.meta.dirname, "resolve-drizzle.ts");

/** What a process of its own loads of drizzle-orm, and by which address. */
async function loaded(...flags: string[]): Promise<string[]> {
	const script = `
		import { createRequire, registerHooks } from "node:module";
		const seen = [];
		registerHooks({ load: (url, context, next) => (seen.push(\`\${url} \${context.format}\`), next(url, context)) });
		for (const name of ["", "/pg-core", "/node-postgres", "/node-postgres/migrator"]) await import("drizzle-orm" + name);
		createRequire(import.meta.url)("drizzle-orm/pg-core");
		console.log(JSON.stringify(seen));`;
	const args = [...flags, "--input-type=module", "--eval", script];
	const { stdout } = await promisify(execFile)(process.execPath, args, {
		cwd: import.meta.dirname,
		maxBuffer: 16 * 2 ** 20,
	});
	return JSON.parse(stdout);
}

test("with and without it, the same files of drizzle-orm are loaded, as the same kinds of modules", async () => {
	const plain = await loaded();
	expect(plain.length).toBeGreaterThan(200);
	expect(await loaded(`--import=${ours}`)).toEqual(plain);
});
