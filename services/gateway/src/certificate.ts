import { X509Certificate } from "node:crypto";
import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { createSecureContext, type Server } from "node:tls";
import { type ConfigValue, configInvalid } from "@netconductor/runtime/config";
import type { Log } from "@netconductor/runtime/log";
import type { gatewayConfig } from "./config.ts";

/** Where the certificate (with those of its issuers) and its key lie, as PEM. */
interface CertificateFiles {
	certificate: string;
	key: string;
}

type TlsConfig = Pick<
	ConfigValue<typeof gatewayConfig>,
	"tls_certificate_path" | "tls_key_path" | "headers_timeout_ms"
>;

interface Certificate {
	cert: Buffer;
	key: Buffer;
	/** What it is and how long it holds, for the log. */
	facts: { subject: string; until: string; fingerprint: string };
}

/** What every connection must be able to. */
const tlsRules = { minVersion: "TLSv1.2", honorCipherOrder: true } as const;

/** Looked at by name again and again: certificates are replaced by renaming, through links, and on network drives, where nobody tells of it. */
const look_every_ms = 2_000;

/**
 * The files that are configured; undefined where the gateway is to speak HTTP.
 * @throws startup.config_invalid where one of the two is missing
 */
export function certificateFiles(config: TlsConfig): CertificateFiles | undefined {
	const { tls_certificate_path: certificate, tls_key_path: key } = config;
	if (certificate === undefined && key === undefined) return undefined;
	if (certificate !== undefined && key !== undefined) return { certificate, key };
	const missing = certificate === undefined ? "CERTIFICATE" : "KEY";
	throw configInvalid([
		{ path: `NETCONDUCTOR_HTTP_TLS_${missing}_PATH`, message: "is required: a certificate and its key go together" },
	]);
}

/**
 * What a server that begins needs to know.
 * @throws startup.config_invalid where the files cannot be used
 */
export function tlsOptions(files: CertificateFiles, { headers_timeout_ms }: TlsConfig, now: Date) {
	try {
		const { cert, key } = readCertificate(files, now);
		return { cert, key, ...tlsRules, handshakeTimeout: headers_timeout_ms };
	} catch (error) {
		throw configInvalid([
			{ path: "NETCONDUCTOR_HTTP_TLS_CERTIFICATE_PATH", message: `cannot be used: ${(error as Error).message}` },
		]);
	}
}

/**
 * The certificate as the files have it now.
 * @throws Error — a file cannot be read, the two do not belong together, or the certificate has ended
 */
function readCertificate(files: CertificateFiles, now: Date): Certificate {
	const [cert, key] = [readFileSync(files.certificate), readFileSync(files.key)];
	createSecureContext({ cert, key });
	const { subject, validToDate, fingerprint256 } = new X509Certificate(cert);
	if (validToDate <= now) throw new Error(`${files.certificate} has ended on ${validToDate.toISOString()}`);
	return {
		cert,
		key,
		facts: {
			subject: subject?.replaceAll("\n", ", ") ?? "",
			until: validToDate.toISOString(),
			fingerprint: fingerprint256,
		},
	};
}

/**
 * Has a server present what the files hold, from now on and whenever they change or the process gets SIGHUP. Connections that are open go on
 * with what they began with; files that cannot be used leave the certificate as it is, and the log says why. Answers how to end that.
 */
export function followCertificate(server: Server, files: CertificateFiles, now: () => Date, log: Log): () => void {
	let presented = readCertificate(files, now()).facts.fingerprint;

	function readAgain() {
		try {
			const { cert, key, facts } = readCertificate(files, now());
			server.setSecureContext({ cert, key, ...tlsRules });
			if (facts.fingerprint !== presented) log.info(facts, "new connections get the new certificate");
			presented = facts.fingerprint;
		} catch (err) {
			log.error({ err }, "the certificate or its key cannot be used: the one before stays");
		}
	}

	const paths = [files.certificate, files.key];
	for (const path of paths) watchFile(path, { interval: look_every_ms }, readAgain);
	process.on("SIGHUP", readAgain);
	return () => {
		for (const path of paths) unwatchFile(path, readAgain);
		process.off("SIGHUP", readAgain);
	};
}
