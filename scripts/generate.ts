// Writes the generated pages of docs/reference and what of deploy follows from the contracts.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { deploymentFiles } from "./deployment.ts";
import { referencePages } from "./reference.ts";

const root = join(import.meta.dirname, "..");
const pages = Object.entries(await referencePages()).map(([name, text]) => [`docs/reference/${name}`, text] as const);
for (const [path, text] of [...pages, ...Object.entries(await deploymentFiles())]) {
	mkdirSync(join(root, dirname(path)), { recursive: true });
	writeFileSync(join(root, path), text);
}
process.exit(0);
