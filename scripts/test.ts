// The test run: installs the Debian packages that tests need (as root), runs everything, and says what was left out.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LabPackage, requirePackages } from "@netconductor/lab/packages";
import { testsWithout } from "./left-out.ts";

const needed: LabPackage[] = [
	"frr",
	"openssh-server",
	"iproute2",
	"rabbitmq-server",
	"redis-server",
	"chromium",
	"faketime",
	"python3-textfsm",
	"python3-jmespath",
	"python3-jinja2",
	"iputils-ping",
];
const lacking: string[] = await requirePackages(needed);
if (process.getuid?.() !== 0) lacking.push("root");
const leftOut = testsWithout(lacking);
if (leftOut.length > 0) {
	const packages = lacking.filter((name) => name !== "root");
	process.stdout.write(
		`Left out:\n${leftOut.map((file) => `  ${file}\n`).join("")}Run as root to have everything` +
			`${packages.length > 0 ? `, or install ${packages.join(" ")}` : ""}.\n`,
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
	...leftOut.flatMap((file) => ["--exclude", file]),
	...process.argv.slice(2),
];
const child = spawn(process.execPath, args, { stdio: "inherit" });
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
