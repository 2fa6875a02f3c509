// Makes a fresh clone ready: dependencies (and with them the pinned Node), the web app, and for tests the Debian packages they need.
// Plain JavaScript for any Node from 20 on, built-in modules only: it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const oldestMajor = 20;
if (Number(process.versions.node.split(".")[0]) < oldestMajor) {
	process.stderr.write(
		`NetConductor is installed with Node.js ${oldestMajor} or newer; this is ${process.version} (${process.execPath}).\n`,
	);
	process.exit(1);
}

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const node = join(root, "node_modules", ".bin", process.platform === "win32" ? "node.exe" : "node");

function run(command, args) {
	const { status, error } = spawnSync(command, args, {
		cwd: root,
		stdio: "inherit",
		shell: process.platform === "win32",
	});
	if (error) throw error;
	if (status !== 0) process.exit(status ?? 1);
}

/** The pinned Node needs a library that a minimal Debian lacks: installed as root, named otherwise. */
function needLibatomic() {
	if (process.platform !== "linux" || spawnSync(node, ["--version"]).status === 0) return;
	const isDebian = existsSync("/usr/bin/apt-get");
	if (isDebian && process.getuid?.() === 0) {
		process.stdout.write("Installing libatomic1, which the pinned Node needs...\n");
		run("apt-get", ["-qq", "update"]);
		run("apt-get", ["-qq", "install", "-y", "--no-install-recommends", "libatomic1"]);
	}
	const { status, stderr } = spawnSync(node, ["--version"], { encoding: "utf8" });
	if (status === 0) return;
	process.stderr.write(`The pinned Node does not run here: ${stderr}`);
	if (isDebian) process.stderr.write("Install what it needs: sudo apt-get install libatomic1\n");
	process.exit(1);
}

/** When a file or anything in a folder was last changed; 0 when there is none. */
function changedAt(path) {
	if (!existsSync(path)) return 0;
	const stat = statSync(path);
	if (!stat.isDirectory()) return stat.mtimeMs;
	return Math.max(0, ...readdirSync(path).map((name) => (name === "node_modules" ? 0 : changedAt(join(path, name)))));
}

// npm writes this file at the end of an install: one that was broken off is done again.
const installed = changedAt(join(root, "node_modules", ".package-lock.json"));
if (installed < changedAt(join(root, "package-lock.json"))) {
	process.stdout.write("Installing dependencies, once (some 300 MB)...\n");
	// No package needs its install script here, and none gets to run one.
	run("npm", ["ci", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error"]);
}
needLibatomic();

const built = changedAt(join(root, "apps", "web", "dist", "index.html"));
const webSources = ["src", "public", "index.html", "vite.config.ts", "postcss.config.cjs"];
const sources = ["contracts/src", ...webSources.map((name) => `apps/web/${name}`)];
if (built < Math.max(...sources.map((path) => changedAt(join(root, path))))) {
	process.stdout.write("Building the web app...\n");
	run(node, [
		join(root, "node_modules", "vite", "bin", "vite.js"),
		"build",
		join(root, "apps", "web"),
		"--logLevel=warn",
	]);
}
