import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts, type OwnedProcess, startOwnedProcess, waitUntilReady } from "./owned-process.ts";

const run = promisify(execFile);

/** Everything under it is what the lab's tests put there. */
export const directorySuffix = "dc=example,dc=com";
/** May change everything; for the tests themselves. */
export const directoryAdmin = { dn: `cn=manager,${directorySuffix}`, password: "lab-manager-secret" };

export interface LabDirectory {
	/** `ldap://127.0.0.1:port`, which knows StartTLS. */
	url: string;
	/** `ldaps://127.0.0.1:port` */
	secure_url: string;
	/** PEM of the certificate that the server shows, which signed itself: for 127.0.0.1 and localhost. */
	ca_certificate: string;
	/** Runs `ldapmodify` with these changes (LDIF). */
	change(ldif: string): Promise<void>;
	/** SIGSTOP and SIGCONT: a server that takes connections and never answers. */
	signal(name: "SIGSTOP" | "SIGCONT"): Promise<void>;
	/** SIGKILL. */
	kill(): Promise<void>;
	start(): Promise<void>;
	stop(): Promise<void>;
}

/** A private OpenLDAP of Debian's `slapd` on loopback ports of its own, filled with `ldif`. It ends with this process. */
export async function startDirectory({ dir, ldif }: { dir: string; ldif: string }): Promise<LabDirectory> {
	const data = join(dir, "data");
	await mkdir(data, { recursive: true });
	const certificate = join(dir, "certificate.pem");
	const key = join(dir, "key.pem");
	await run("openssl", [
		..."req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split(" "),
		..."-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -addext basicConstraints=critical,CA:TRUE".split(" "),
		...["-keyout", key, "-out", certificate],
	]);
	const settings = join(dir, "slapd.conf");
	await writeFile(
		settings,
		[
			...["core", "cosine", "inetorgperson"].map((name) => `include /etc/ldap/schema/${name}.schema`),
			"modulepath /usr/lib/ldap",
			"moduleload back_mdb.la",
			`pidfile ${join(dir, "slapd.pid")}`,
			`TLSCertificateFile ${certificate}`,
			`TLSCertificateKeyFile ${key}`,
			`TLSCACertificateFile ${certificate}`,
			// What Active Directory does too: an empty password is taken for nobody, and nobody is let in.
			"allow bind_anon_cred bind_anon_dn",
			"database mdb",
			`suffix ${directorySuffix}`,
			`rootdn ${directoryAdmin.dn}`,
			`rootpw ${directoryAdmin.password}`,
			`directory ${data}`,
			"maxsize 10485760",
			"access to attrs=userPassword by anonymous auth by * none",
			"access to * by users read by anonymous auth",
			"",
		].join("\n"),
		{ mode: 0o600 },
	);
	const content = join(dir, "content.ldif");
	await writeFile(content, ldif);
	await run("/usr/sbin/slapadd", ["-f", settings, "-l", content]);
	const [port = 0, securePort = 0] = await freePorts(2);
	const url = `ldap://127.0.0.1:${port}`;
	const secure_url = `ldaps://127.0.0.1:${securePort}`;
	let server: OwnedProcess | undefined;
	async function start() {
		if (server?.isRunning()) return;
		// -d keeps it in the foreground.
		server = startOwnedProcess("/usr/sbin/slapd", ["-f", settings, "-h", `${url}/ ${secure_url}/`, "-d", "0"], {
			cwd: dir,
		});
		await waitUntilReady("slapd", server, () => accepts(port), { timeout_ms: 20_000 });
	}
	await start();
	return {
		url,
		secure_url,
		ca_certificate: await readFile(certificate, "utf8"),
		async change(changes) {
			const file = join(dir, "changes.ldif");
			await writeFile(file, changes);
			await run("ldapmodify", ["-x", "-H", url, "-D", directoryAdmin.dn, "-w", directoryAdmin.password, "-f", file]);
		},
		async signal(name) {
			process.kill(Number(await readFile(join(dir, "slapd.pid"), "utf8")), name);
		},
		start,
		kill: async () => server?.kill(),
		stop: async () => server?.stop(),
	};
}

function accepts(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, "127.0.0.1", () => {
			resolve(true);
			socket.destroy();
		});
		socket.on("error", () => resolve(false));
	});
}
