// The test run: installs the Debian packages that tests need (as root), runs everything, and says what was left out.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LabPackage, requirePackages } from "@netconductor/lab/packages";

const needed: LabPackage[] = ["frr", "openssh-server", "iproute2", "rabbitmq-server", "redis-server", "chromium"];
const missing = await requirePackages(needed);
if (missing.length > 0) {
	process.stdout.write(
		`Left out for want of Debian packages (${missing.join(", ")}): run as root, or install them: apt-get install ${missing.join(" ")}\n`,
	);
	if (process.env.CI) {
		process.stderr.write("In CI nothing may be left out.\n");
		process.exit(1);
	}
}

const folder = mkdtempSync(join(tmpdir(), "netconductor-results-"));
const report = join(folder, "results.json");
const vitest = join(import.meta.dirname, "..", "node_modules", "vitest", "vitest.mjs");
const args = [
	vitest,
	"run",
	"--reporter=default",
	"--reporter=json",
	`--outputFile.json=${report}`,
	...process.argv.slice(2),
];
const child = spawn(process.execPath, args, {
	stdio: "inherit",
	env: { ...process.env, NETCONDUCTOR_TEST_MISSING_PACKAGES: missing.join(",") },
});
const code = await new Promise<number>((resolve) => child.once("exit", (status) => resolve(status ?? 1)));

interface Results {
	numPassedTests: number;
	numFailedTests: number;
	numFailedTestSuites: number;
	numPendingTests: number;
}
let line = "0 passed, 1 failed";
try {
	const results: Results = JSON.parse(readFileSync(report, "utf8"));
	const failed = Math.max(results.numFailedTests, code === 0 ? 0 : 1);
	if (results.numPendingTests > 0) process.stdout.write(`${results.numPendingTests} left out\n`);
	line = `${results.numPassedTests} passed, ${failed} failed`;
} finally {
	rmSync(folder, { recursive: true, force: true });
	process.stdout.write(`${line}\n`);
}
process.exit(code);
