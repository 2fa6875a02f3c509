import { isIP } from "node:net";
import { failed } from "@netconductor/runtime/errors";

/** Whom browsers hold passkeys for. */
export interface RelyingParty {
	/** Domain that passkeys are made for (`rp.id`). */
	id: string;
	/** The one origin whose pages may use them. */
	origin: string;
}

/**
 * Whom passkeys are for where people reach the web app at this address; undefined where browsers take none: WebAuthn wants a secure context
 * and a domain, and an IP address is no domain (https://www.w3.org/TR/webauthn-3/#relying-party-identifier).
 */
export function relyingPartyAt(public_url: string | undefined): RelyingParty | undefined {
	if (public_url === undefined || !URL.canParse(public_url)) return undefined;
	const { protocol, hostname, origin } = new URL(public_url);
	// IPv6 addresses stand in brackets.
	if (hostname === "" || hostname.startsWith("[") || isIP(hostname) !== 0) return undefined;
	const isHere = hostname === "localhost" || hostname.endsWith(".localhost");
	if (protocol !== "https:" && !(protocol === "http:" && isHere)) return undefined;
	return { id: hostname, origin };
}

/** @throws passkeys.unavailable */
export function demandParty(party: RelyingParty | undefined): RelyingParty {
	if (party !== undefined) return party;
	throw failed("passkeys.unavailable", {
		message:
			"Browsers take passkeys only where a page is reached by a name over HTTPS (or at http://localhost), never at an IP address. Whoever runs this installation sets NETCONDUCTOR_PUBLIC_URL to such an address.",
	});
}
