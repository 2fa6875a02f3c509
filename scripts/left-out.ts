import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(import.meta.dirname, "..");

/** Which part of the lab cannot work without what. `root` stands for the rights to make network namespaces. */
const needs: Record<string, readonly string[]> = {
	"lab/frr/lab.ts": ["frr", "openssh-server", "iproute2", "root"],
	"lab/sshd.ts": ["openssh-server"],
	"lab/rabbitmq.ts": ["rabbitmq-server"],
	"lab/redis.ts": ["redis-server"],
	"lab/nginx.ts": ["nginx-light"],
	"lab/slapd.ts": ["slapd", "ldap-utils"],
	"e2e/src/browser.ts": ["chromium"],
	"templating/test/conformance/oracle.ts": ["python3-jinja2"],
	"drivers/parsers/test/oracle.ts": ["python3-textfsm", "python3-jmespath"],
	"drivers/parsers/src/parsers/live.test.ts": ["iputils-ping"],
	"e2e/src/distributed.test.ts": ["rabbitmq-server", "redis-server"],
	"e2e/src/compose.test.ts": ["redis-server"],
	"e2e/src/image.test.ts": ["root"],
	"e2e/src/web-pages.test.ts": ["nginx-light"],
	"e2e/chaos/fake-clock.ts": ["faketime"],
	"e2e/chaos/disk.ts": ["root"],
};

/** Test files that lead, through whatever they import, to a part of the lab that needs something missing. */
export function testsWithout(missing: readonly string[]): string[] {
	const lacking = Object.keys(needs).filter((part) => needs[part]?.some((name) => missing.includes(name)));
	const tests = globSync(["*/{src,test,chaos}/**/*.test.ts", "*/*/{src,test}/**/*.test.ts", "lab/**/*.test.ts"], {
		cwd: root,
		exclude: ["**/node_modules/**"],
	});
	const known = new Map<string, Set<string>>();
	return tests.filter((test) => lacking.some((part) => reach(test, known).has(part))).toSorted();
}

/** Everything of ours that a file imports, itself included, as paths from the root. */
function reach(file: string, known: Map<string, Set<string>>): Set<string> {
	const found = new Set<string>();
	const visit = (path: string): void => {
		if (found.has(path)) return;
		found.add(path);
		for (const next of importsOf(path, known)) visit(next);
	};
	visit(file);
	return found;
}

function importsOf(file: string, known: Map<string, Set<string>>): Set<string> {
	const before = known.get(file);
	if (before !== undefined) return before;
	const imports = new Set<string>();
	known.set(file, imports);
	const path = join(root, file);
	for (const [, name = ""] of readFileSync(path, "utf8").matchAll(/(?:from|import\()\s*"([^"]+)"/g)) {
		const target = name.startsWith(".") ? resolve(dirname(path), name) : ownPackage(name);
		if (target?.startsWith(root) && existsSync(target)) imports.add(relative(root, target));
	}
	return imports;
}

function ownPackage(name: string): string | undefined {
	if (!name.startsWith("@netconductor/")) return undefined;
	try {
		return fileURLToPath(import.meta.resolve(name));
	} catch {
		return undefined;
	}
}
