// The test run: installs the Debian packages that tests need (as root), runs everything, and says what was left out.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { type LabPackage, requirePackages } from "@netconductor/lab/packages";
import { testsWithout } from "./left-out.ts";

const needed: LabPackage[] = [
	"frr",
	"openssh-server",
	"iproute2",
	"rabbitmq-server",
	"redis-server",
	"slapd",
	"ldap-utils",
	"chromium",
	"nginx-light",
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
	/** Times in milliseconds. */
	testResults: { name: string; startTime: number; endTime: number }[];
}

/** The files that took longest, a line each: where to look when a whole run becomes slow. */
function slowest(files: Results["testResults"]): string {
	const took = files.map(({ name, startTime, endTime }) => ({ name, seconds: (endTime - startTime) / 1000 }));
	const lines = took
		.sort((a, b) => b.seconds - a.seconds)
		.slice(0, 15)
		.map(({ name, seconds }) => `  ${seconds.toFixed(0).padStart(4)} s  ${relative(process.cwd(), name)}\n`);
	return `The files that took longest:\n${lines.join("")}`;
}

let line = "0 passed, 1 failed";
try {
	const results: Results = JSON.parse(readFileSync(report, "utf8"));
	const failed = Math.max(results.numFailedTests, code === 0 ? 0 : 1);
	if (results.testResults.length > 15) process.stdout.write(slowest(results.testResults));
	if (results.numPendingTests > 0) process.stdout.write(`${results.numPendingTests} left out\n`);
	line = `${results.numPassedTests} passed, ${failed} failed`;
} finally {
	rmSync(folder, { recursive: true, force: true });
	process.stdout.write(`${line}\n`);
}
process.exit(code);
