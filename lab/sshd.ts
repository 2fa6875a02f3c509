import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts, type OwnedProcess, startOwnedProcess, waitUntilReady } from "./owned-process.ts";

const run = promisify(execFile);

export interface LabSshd {
	host: string;
	port: number;
	/** The user that runs this process: an sshd of one's own needs no other rights. */
	username: string;
	/** OpenSSH private key text that it accepts, and the file it is in. */
	private_key: string;
	private_key_path: string;
	public_key: string;
	host_key_fingerprint: string;
	/** Accepts one more public key from now on. */
	authorize(publicKey: string): Promise<void>;
	/** Replaces the host key and restarts; answers the new fingerprint. */
	changeHostKey(): Promise<string>;
	stop(): Promise<void>;
}

/**
 * A real OpenSSH server on a loopback port of its own, with its own host key and one authorized key. `command` replaces the login shell. It
 * ends with this process. Needs Debian's `openssh-server`.
 */
export async function startSshd({ dir, command }: { dir: string; command?: string }): Promise<LabSshd> {
	await mkdir(dir, { recursive: true, mode: 0o700 });
	const host = "127.0.0.1";
	const [port = 0] = await freePorts(1);
	const hostKeyPath = join(dir, "host_key");
	const keyPath = join(dir, "user_key");
	const authorizedKeysPath = join(dir, "authorized_keys");
	const { username, uid } = userInfo();
	// Privilege separation wants this directory; Debian's service makes it, and no service runs here.
	if (uid === 0) await mkdir("/run/sshd", { recursive: true });
	await Promise.all([makeKey(hostKeyPath), makeKey(keyPath)]);
	await writeFile(authorizedKeysPath, await readFile(`${keyPath}.pub`));
	const settings = [
		`Port ${port}`,
		`ListenAddress ${host}`,
		`HostKey ${hostKeyPath}`,
		`AuthorizedKeysFile ${authorizedKeysPath}`,
		`PidFile ${join(dir, "sshd.pid")}`,
		"PermitRootLogin yes",
		"PasswordAuthentication no",
		"KbdInteractiveAuthentication no",
		"StrictModes no",
		`UsePAM ${(await isLocked(username)) ? "yes" : "no"}`,
		"PrintMotd no",
		"PrintLastLog no",
		"MaxStartups 200",
		"MaxSessions 100",
		"LogLevel VERBOSE",
		...(command === undefined ? [] : [`ForceCommand ${command}`]),
		"",
	];
	const configPath = join(dir, "sshd_config");
	await writeFile(configPath, settings.join("\n"));
	let server: OwnedProcess | undefined;
	async function start() {
		const started = startOwnedProcess("/usr/sbin/sshd", ["-D", "-e", "-f", configPath], { cwd: dir });
		server = started;
		await waitUntilReady("sshd", started, () => greets(host, port), { timeout_ms: 20_000 });
	}
	await start();
	const sshd: LabSshd = {
		host,
		port,
		username,
		private_key: await readFile(keyPath, "utf8"),
		private_key_path: keyPath,
		public_key: await readFile(`${keyPath}.pub`, "utf8"),
		host_key_fingerprint: await fingerprint(hostKeyPath),
		async authorize(publicKey) {
			await writeFile(authorizedKeysPath, `${publicKey.trim()}\n`, { flag: "a" });
		},
		async changeHostKey() {
			await server?.stop();
			await run("rm", ["-f", hostKeyPath, `${hostKeyPath}.pub`]);
			await makeKey(hostKeyPath);
			await start();
			sshd.host_key_fingerprint = await fingerprint(hostKeyPath);
			return sshd.host_key_fingerprint;
		},
		stop: async () => server?.stop(),
	};
	return sshd;
}

async function makeKey(path: string) {
	await run("rm", ["-f", path, `${path}.pub`]);
	await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", path]);
}

async function fingerprint(path: string): Promise<string> {
	const { stdout } = await run("ssh-keygen", ["-l", "-f", `${path}.pub`]);
	return stdout.split(" ")[1] ?? "";
}

/** Without PAM, OpenSSH lets nobody in whose password is locked with `!`, not even with a key. */
async function isLocked(username: string): Promise<boolean> {
	try {
		const shadow = await readFile("/etc/shadow", "utf8");
		return shadow.split("\n").some((line) => line.startsWith(`${username}:!`));
	} catch {
		return false;
	}
}

function greets(host: string, port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, host);
		socket.setTimeout(2_000, () => socket.destroy());
		socket.on("data", (chunk) => {
			resolve(chunk.toString().startsWith("SSH-"));
			socket.destroy();
		});
		socket.on("error", () => resolve(false));
		socket.on("close", () => resolve(false));
	});
}
