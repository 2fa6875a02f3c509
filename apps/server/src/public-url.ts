import type { Target } from "./services.ts";
import type { Settings } from "./settings.ts";

/** Where browsers and programs on this machine reach the API; undefined for a process without the gateway. */
export function publicUrl(targets: readonly Target[], settings: Settings): string | undefined {
	if (!targets.includes("gateway")) return undefined;
	const { host, port, tls_certificate_path } = settings.sections.http as {
		host: string;
		port: number;
		tls_certificate_path?: string;
	};
	const shown = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
	return `${tls_certificate_path === undefined ? "http" : "https"}://${shown}:${port}`;
}

/**
 * The same by a name rather than an address, for what browsers allow at names only; undefined where no name is known to lead there.
 */
export function localUrl(targets: readonly Target[], settings: Settings): string | undefined {
	const url = publicUrl(targets, settings);
	if (url === undefined) return undefined;
	const { protocol, hostname, port } = new URL(url);
	if (port === "0") return undefined;
	if (hostname !== "127.0.0.1" && hostname !== "[::1]" && hostname !== "localhost") return undefined;
	return new URL(`${protocol}//localhost:${port}`).origin;
}
