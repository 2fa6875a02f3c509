import { mkdirSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// Enabled before the first TypeScript file, so that on the second start the compiler of TypeScript is not even loaded: that takes some 50 MB
// and part of a second. The code is kept beside the packages that it comes from, where whoever may write could change those as well. Where
// this process may not, it starts without.
const folder = fileURLToPath(new URL("../node_modules/.cache/netconductor", import.meta.url));
try {
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	enableCompileCache(folder);
} catch {}
await import("./src/db/resolve-drizzle.ts");
