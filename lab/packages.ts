import { execFile } from "node:child_process";
import { access, chmod, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Debian packages that parts of the lab need. */
export type LabPackage =
	| "frr"
	| "openssh-server"
	| "iproute2"
	| "rabbitmq-server"
	| "redis-server"
	| "slapd"
	| "ldap-utils"
	| "chromium"
	| "nginx-light"
	| "faketime"
	| "openssh-client"
	| "sshpass"
	| "python3-netmiko"
	| "python3-paramiko"
	| "iputils-ping"
	| "python3-jinja2"
	| "python3-jmespath"
	| "python3-textfsm"
	| "ansible-core"
	| "ansible";

/** Which of these Debian packages are not installed. On a system without dpkg: all of them. */
export async function missingPackages<Name extends string>(packages: Name[]): Promise<Name[]> {
	const installed = await Promise.all(
		packages.map((name) =>
			run("dpkg-query", ["-W", "-f", "$" + "{Status}", name]).then(
				({ stdout }) => stdout.trim() === "install ok installed",
				() => false,
			),
		),
	);
	return packages.filter((_, i) => !installed[i]);
}

/**
 * Installs what is missing when this process is root and the system has apt-get; answers what is still missing, so that a test run can
 * name what it leaves out. The daemons of the packages are not started: the lab starts its own.
 */
export async function requirePackages(packages: LabPackage[]): Promise<LabPackage[]> {
	const missing = await missingPackages(packages);
	if (missing.length === 0 || process.getuid?.() !== 0 || !(await exists("/usr/bin/apt-get"))) return missing;
	return withLock(async () => {
		// Another process may have installed them while this one waited.
		const wanted = await missingPackages(packages);
		if (wanted.length > 0) await install(wanted);
		return missingPackages(packages);
	});
}

async function install(packages: LabPackage[]) {
	const restore = await forbidDaemonStarts();
	try {
		const options = ["-qq", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"];
		const settings = { env: { ...aptEnvironment }, maxBuffer: 64 * 1024 * 1024 };
		const tryInstall = () => run("apt-get", ["install", ...options, ...packages], settings);
		// The lists are old or absent in a fresh container; updating them is slow, so only when needed.
		await tryInstall().catch(async () => {
			await run("apt-get", ["update", "-qq"], settings);
			await tryInstall();
		});
	} catch (cause) {
		process.stderr.write(`apt-get could not install ${packages.join(", ")}: ${String(cause).slice(0, 2_000)}\n`);
	} finally {
		await restore();
	}
}

const aptEnvironment = {
	PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	DEBIAN_FRONTEND: "noninteractive",
	// needrestart would ask which services to restart.
	NEEDRESTART_MODE: "a",
	LC_ALL: "C.UTF-8",
};

const policyPath = "/usr/sbin/policy-rc.d";

/**
 * `invoke-rc.d` asks this program before it starts a daemon; exit code 101 forbids it (Debian's init-system-helpers). A policy that is
 * already there is the administrator's: it is put back afterwards.
 */
async function forbidDaemonStarts(): Promise<() => Promise<void>> {
	const policy = "#!/bin/sh\n# Made by the NetConductor lab while it installs packages.\nexit 101\n";
	const found = await readFile(policyPath, "utf8").catch(() => undefined);
	// Our own, left by an installation that was killed, is nobody's wish.
	const before = found === policy ? undefined : found;
	await writeFile(policyPath, policy);
	await chmod(policyPath, 0o755);
	return async () => {
		if (before === undefined) await rm(policyPath, { force: true });
		else await writeFile(policyPath, before);
	};
}

/** One installer at a time on this machine; the lock of a process that is gone does not count. */
async function withLock<T>(work: () => Promise<T>): Promise<T> {
	const path = join(tmpdir(), "netconductor-packages.lock");
	for (;;) {
		const handle = await open(path, "wx").catch(() => undefined);
		if (handle) {
			await handle.writeFile(String(process.pid));
			await handle.close();
			break;
		}
		const owner = Number(await readFile(path, "utf8").catch(() => ""));
		if (owner > 0 && !(await exists(`/proc/${owner}`))) await rm(path, { force: true });
		await sleep(500);
	}
	try {
		return await work();
	} finally {
		await rm(path, { force: true });
	}
}

function exists(path: string): Promise<boolean> {
	return access(path).then(
		() => true,
		() => false,
	);
}
