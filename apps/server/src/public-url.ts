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
