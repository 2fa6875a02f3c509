import type { OidcConfig } from "@netconductor/contracts/auth/login-methods";
import type { ExternalIdentity } from "../methods/identity.ts";

type Claims = Readonly<Record<string, unknown>>;

/** Somebody as a provider's claims describe them. An e-mail address that it has not verified does not count unless that is allowed. */
export function identityFrom(config: OidcConfig, claims: Claims & { sub: string }): ExternalIdentity {
	const { username, display_name, email, groups } = config.claims;
	const verified = config.allow_unverified_email || claims.email_verified === true || email !== "email";
	const address = verified ? text(at(claims, email)) : undefined;
	// An address that anybody may have typed in is no name either.
	const name = username === email && !verified ? undefined : text(at(claims, username));
	return {
		external_id: claims.sub,
		username: name ?? claims.sub,
		display_name: text(at(claims, display_name)) ?? name ?? claims.sub,
		email: address ?? null,
		groups: { names: list(at(claims, groups)), dns: undefined },
	};
}

/** The claim of that name; where there is none, dots lead into objects. */
function at(claims: Claims, path: string): unknown {
	if (Object.hasOwn(claims, path)) return claims[path];
	let value: unknown = claims;
	for (const key of path.split(".")) {
		if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
		value = (value as Claims)[key];
	}
	return value;
}

function text(value: unknown): string | undefined {
	return typeof value === "string" && value !== "" ? value : undefined;
}

function list(value: unknown): string[] {
	return [value]
		.flat()
		.filter((item): item is string => typeof item === "string")
		.slice(0, 1_000);
}
