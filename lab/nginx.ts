import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts, startOwnedProcess, waitUntilReady } from "./owned-process.ts";

const run = promisify(execFile);

export interface LabNginx {
	http_port: number;
	https_port: number;
	/** The certificate that it shows, PEM, for `localhost`. */
	certificate: string;
	accessLog(): Promise<string>;
	errorLog(): Promise<string>;
	stop(): Promise<void>;
}

/**
 * Debian's nginx (`nginx-light`) with this configuration, of which only the places differ: ports, files and the server behind it. It ends
 * with this process.
 * @throws with what nginx says of a configuration that it does not take
 */
export async function startNginx(
	configuration: string,
	options: { dir: string; gateway_port: number },
): Promise<LabNginx> {
	const { dir, gateway_port } = options;
	await mkdir(dir, { recursive: true });
	const [http_port = 0, https_port = 0] = await freePorts(2);
	const at = (name: string) => join(dir, name);
	await run("openssl", [
		...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
		...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
		...["-keyout", at("key.pem"), "-out", at("certificate.pem")],
	]);
	const placed = configuration
		.replaceAll("/etc/netconductor/tls/", `${dir}/`)
		.replaceAll("/var/log/nginx/", `${dir}/`)
		.replaceAll("/run/nginx-netconductor.pid", at("nginx.pid"))
		.replaceAll("127.0.0.1:8000", `127.0.0.1:${gateway_port}`)
		.replaceAll(/^\s*listen \[::\].*\n/gm, "")
		.replaceAll("listen 80;", `listen 127.0.0.1:${http_port};`)
		.replaceAll("listen 443 ", `listen 127.0.0.1:${https_port} `);
	await writeFile(at("nginx.conf"), placed);
	const args = ["-p", dir, "-e", at("start.log"), "-c", at("nginx.conf")];
	await run("/usr/sbin/nginx", ["-t", ...args]);
	const server = startOwnedProcess("/usr/sbin/nginx", [...args, "-g", "daemon off;"], { cwd: dir });
	await waitUntilReady("nginx", server, () => accepts(https_port), { timeout_ms: 20_000 });
	return {
		http_port,
		https_port,
		certificate: await readFile(at("certificate.pem"), "utf8"),
		accessLog: () => readFile(at("netconductor.log"), "utf8"),
		errorLog: () => readFile(at("netconductor-error.log"), "utf8"),
		stop: () => server.stop(),
	};
}

function accepts(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, "127.0.0.1", () => {
			socket.destroy();
			resolve(true);
		});
		socket.on("error", () => resolve(false));
	});
}
