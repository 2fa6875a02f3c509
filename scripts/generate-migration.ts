// Writes the migration that brings a service's schema to what its tables.ts files declare:
//   npm run migration -- devices add_serial_number
//   npm run migration -- devices index_names_by_trigram --custom     (an empty file for handwritten SQL)
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { positionals, values } = parseArgs({
	allowPositionals: true,
	options: { custom: { type: "boolean" }, folder: { type: "string" } },
});
const [service, name] = positionals;
if (service === undefined || name === undefined) {
	process.stderr.write("usage: npm run migration -- <service> <name> [--custom] [--folder services/<service>]\n");
	process.exit(2);
}
const folder = values.folder ?? `services/${service}`;
const result = spawnSync(
	process.execPath,
	[
		join(dirname(createRequire(import.meta.url).resolve("drizzle-kit")), "bin.cjs"),
		"generate",
		"--dialect=postgresql",
		`--schema=./${folder}/src/**/tables.ts`,
		`--out=./${folder}/migrations`,
		`--name=${name}`,
		...(values.custom ? ["--custom"] : []),
	],
	{ cwd: fileURLToPath(new URL("..", import.meta.url)), stdio: "inherit" },
);
process.exit(result.status ?? 1);
