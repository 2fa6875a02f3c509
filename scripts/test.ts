// The test run: installs the Debian packages that tests need (as root), runs everything, and says what was left out.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
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

/** As many files may fail and get a second try: where more do, something is broken. */
const mostSecondTries = 4;

const vitest = join(import.meta.dirname, "..", "node_modules", "vitest", "vitest.mjs");
const asked = process.argv.slice(2);

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

async function run(args: readonly string[]): Promise<Outcome> {
	const folder = mkdtempSync(join(tmpdir(), "netconductor-results-"));
	const report = join(folder, "results.json");
	const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
	try {
		const child = spawn(process.execPath, [vitest, "run", ...reporters, ...args], { stdio: "inherit" });
		const code = await new Promise<number>((resolve) => child.once("exit", (status) => resolve(status ?? 1)));
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

let { code, files } = await run([...leftOut.flatMap((file) => ["--exclude", file]), ...asked]);
if (asked.length === 0 && files.length > 0) process.stdout.write(slowest(files));

// Two busy cores can stand still for longer than any wait of a test. Only what fails again with the machine for itself fails the run; what does not
// is named, because a test that needs luck wants mending, too.
const shaky = files.filter(({ status }) => status === "failed").map(({ name }) => name);
if (asked.length === 0 && shaky.length > 0 && shaky.length <= mostSecondTries) {
	process.stdout.write(
		`\nFailed, and run again by themselves:\n${shaky.map((name) => `  ${fromHere(name)}\n`).join("")}`,
	);
	const again = await run(["--maxWorkers=1", ...shaky]);
	if (again.files.length === shaky.length) {
		code = again.code;
		files = [...files.filter(({ name }) => !shaky.includes(name)), ...again.files];
		const passed = again.files.filter(({ status }) => status === "passed").map(({ name }) => `  ${fromHere(name)}\n`);
		if (passed.length > 0) process.stdout.write(`Passed at the second try only; mend them:\n${passed.join("")}`);
	}
}

const skipped = tests(files, "pending", "skipped", "todo");
if (skipped > 0) process.stdout.write(`${skipped} left out\n`);
const failed = Math.max(tests(files, "failed"), code === 0 ? 0 : 1);
process.stdout.write(`${tests(files, "passed")} passed, ${failed} failed\n`);
process.exit(code);
