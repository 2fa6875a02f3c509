// The test run: installs the Debian packages that tests need (as root), runs everything, and says what was left out.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { type LabPackage, requirePackages } from "@netconductor/lab/packages";
import { testsWithout } from "./left-out.ts";
import { makeMemoryFolder } from "./memory-folder.ts";
import { testsOfBoth } from "./topologies.ts";

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

/** As many files may fail and get a second try: where more do, something is broken. */
const mostSecondTries = 4;

const vitest = join(import.meta.dirname, "..", "node_modules", "vitest", "vitest.mjs");
const asked = process.argv.slice(2);

const temporary = makeMemoryFolder();
if (temporary !== undefined) {
	process.env.TMPDIR = temporary;
	process.once("exit", () => rmSync(temporary, { recursive: true, force: true, maxRetries: 5 }));
}

interface TestFile {
	name: string;
	status: "passed" | "failed";
	/** Times in milliseconds. */
	startTime: number;
	endTime: number;
	assertionResults: { status: "passed" | "failed" | "pending" | "skipped" | "todo" }[];
}

interface Outcome {
	code: number;
	/** None where the run broke off before it could tell. */
	files: TestFile[];
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
	const folder = mkdtempSync(join(tmpdir(), "netconductor-results-"));
	const report = join(folder, "results.json");
	const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
	try {
		const child = spawn(process.execPath, [vitest, "run", ...reporters, ...args], {
			stdio: "inherit",
			env: { ...process.env, ...env },
		});
		// A terminal sends SIGINT to vitest itself, which puts things in order first.
		let stopped = false;
		const stop = (signal: NodeJS.Signals) => {
			stopped = true;
			if (signal === "SIGTERM") child.kill(signal);
		};
		for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
		const code = await new Promise<number>((resolve) => child.once("exit", (status) => resolve(status ?? 1)));
		for (const signal of ["SIGINT", "SIGTERM"] as const) process.removeListener(signal, stop);
		if (stopped) process.exit(code || 1);
		const files = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")).testResults : [];
		return { code, files };
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** The files that took longest, a line each: where to look when a whole run becomes slow. */
function slowest(files: readonly TestFile[]): string {
	const took = files.map(({ name, startTime, endTime }) => ({ name, seconds: (endTime - startTime) / 1000 }));
	const lines = took
		.sort((a, b) => b.seconds - a.seconds)
		.slice(0, 15)
		.map(({ name, seconds }) => `  ${seconds.toFixed(0).padStart(4)} s  ${fromHere(name)}\n`);
	return `The files that took longest:\n${lines.join("")}`;
}

function fromHere(path: string): string {
	return relative(process.cwd(), path);
}

function tests(files: readonly TestFile[], ...statuses: TestFile["assertionResults"][number]["status"][]): number {
	return files.flatMap((file) => file.assertionResults).filter(({ status }) => statuses.includes(status)).length;
}

/** Runs tests, and by themselves those that failed, if they are few. */
async function runTwice(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
	const first = await run(args, env);
	if (asked.length === 0 && first.files.length > 0) process.stdout.write(slowest(first.files));

	// Two busy cores can stand still for longer than any wait of a test. Only what fails again with the machine for itself fails the run; what does not
	// is named, because a test that needs luck wants mending, too.
	const shaky = first.files.filter(({ status }) => status === "failed").map(({ name }) => name);
	if (asked.length > 0 || shaky.length === 0 || shaky.length > mostSecondTries) return first;
	process.stdout.write(
		`\nFailed, and run again by themselves:\n${shaky.map((name) => `  ${fromHere(name)}\n`).join("")}`,
	);
	const again = await run(["--maxWorkers=1", ...shaky], env);
	if (again.files.length !== shaky.length) return first;
	const passed = again.files.filter(({ status }) => status === "passed").map(({ name }) => `  ${fromHere(name)}\n`);
	if (passed.length > 0) process.stdout.write(`Passed at the second try only; mend them:\n${passed.join("")}`);
	return { code: again.code, files: [...first.files.filter(({ name }) => !shaky.includes(name)), ...again.files] };
}

function summary(what: string, { code, files }: Outcome): string {
	const failed = Math.max(tests(files, "failed"), code === 0 ? 0 : 1);
	return `${what}${tests(files, "passed")} passed, ${failed} failed\n`;
}

const all = await runTwice([...leftOut.flatMap((file) => ["--exclude", file]), ...asked]);
let outcome = all;
if (asked.length === 0) {
	const both = testsOfBoth().filter((file) => !leftOut.includes(file));
	process.stdout.write("\nOnce more, with every service as a process of its own:\n");
	const distributed = await runTwice(both, { NETCONDUCTOR_E2E_TOPOLOGY: "distributed" });
	process.stdout.write(summary("Everything, the product in one process: ", all));
	process.stdout.write(summary("Once more, every service a process of its own: ", distributed));
	outcome = { code: all.code || distributed.code, files: [...all.files, ...distributed.files] };
}

const skipped = tests(outcome.files, "pending", "skipped", "todo");
if (skipped > 0) process.stdout.write(`${skipped} left out\n`);
process.stdout.write(summary("", outcome));
process.exit(outcome.code);
