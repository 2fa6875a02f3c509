import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { deploymentFiles, gatewayRule, publicOperations } from "./deployment.ts";

test("what of deploy follows from the contracts is what they say now (npm run generate)", async () => {
	for (const [path, text] of Object.entries(await deploymentFiles())) {
		expect(readFileSync(join(import.meta.dirname, "..", path), "utf8"), path).toBe(text);
	}
});

test("Traefik sends every public operation to the gateway, and its metrics to nobody", () => {
	const prefixes = [...gatewayRule().matchAll(/PathPrefix\(`([^`]+)`\)/g)].map(([, prefix = ""]) => prefix);
	const reaches = (path: string) => prefixes.some((prefix) => path.startsWith(prefix));
	expect(publicOperations.length).toBeGreaterThan(100);
	for (const { path } of publicOperations) expect(reaches(path), path).toBe(true);
	for (const path of ["/ws/dashboard", "/health/ready", "/api/openapi.json", "/api/docs"]) {
		expect(reaches(path), path).toBe(true);
	}
	for (const path of ["/metrics", "/internal/devices/reveal", "/", "/devices"]) expect(reaches(path), path).toBe(false);
});
