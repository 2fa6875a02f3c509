import { globSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/**
 * Tests of the whole product that a run has once, in one process, and why. All others run a second time with every service as a process of its own;
 * so does what is new.
 */
export const once: Readonly<Record<string, readonly string[]>> = {
	"chooses its processes and databases itself": [
		"e2e/src/distributed.test.ts",
		"e2e/src/gateways.test.ts",
		"e2e/src/https.test.ts",
		"e2e/src/rolling-restart.test.ts",
		"e2e/src/sessions.test.ts",
		"e2e/src/start-up.test.ts",
		"e2e/src/system-backup-databases.test.ts",
		"e2e/src/topology.test.ts",
		"e2e/src/two-edges.test.ts",
		"e2e/src/worker-pools.test.ts",
	],
	"starts no product: looks at files and images": ["e2e/src/compose.test.ts", "e2e/src/image.test.ts"],
	"is about one command on the server's machine": ["e2e/src/doctor.test.ts", "e2e/src/doctor-clock.test.ts"],
	"is about the command line, which knows the gateway alone": ["e2e/src/{cli,*-cli}.test.ts"],
	"is about single pages or what stands before the gateway, which know the gateway alone": [
		"e2e/src/nginx.test.ts",
		"e2e/src/web-pages.test.ts",
		"e2e/src/web/*.test.ts",
	],
	"attacks the gateway, a session with a device or what lies on the disk: the same code in both": [
		"e2e/src/attack/*.test.ts",
	],
	"is about drivers against devices, which workers alone talk to": [
		"e2e/src/frr.test.ts",
		"e2e/src/simulated-network.test.ts",
	],
};

/** The tests that run in both topologies, as paths from the root. */
export function testsOfBoth(): string[] {
	return globSync("e2e/src/**/*.test.ts", { cwd: root, exclude: Object.values(once).flat() }).toSorted();
}
