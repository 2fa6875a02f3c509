import type { LdapConfig, OidcConfig } from "@netconductor/contracts/auth/login-methods";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Tx } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { eq } from "drizzle-orm";
import { isInTheClear } from "../oidc/provider-requests.ts";
import { refuseEscalation } from "../roles/manage-roles.ts";
import { getRoleForGrant } from "../roles/role-store.ts";
import { users } from "../tables.ts";
import type { MethodRow } from "./method-store.ts";

/**
 * What a method needs so that it can work, and whether this person may hand out what it hands out.
 * @throws login_methods.incomplete, roles.not_found, roles.escalation
 */
export async function checkMethod(tx: Tx, actor: Actor, row: MethodRow): Promise<void> {
	const lacks = row.kind === "ldap" ? lacksOfLdap(row.config, row.secret !== null) : lacksOfOidc(row.config);
	if (lacks !== undefined) {
		throw failed("login_methods.incomplete", {
			message: lacks.message,
			errors: [{ path: lacks.path, message: lacks.message }],
		});
	}
	await refuseBeyond(tx, actor, row);
}

/**
 * Whether this person may hand out the roles that a method gives, and those that its users hold now: who decides where somebody is asked for a
 * password can be them.
 * @throws roles.not_found, roles.escalation
 */
export async function refuseBeyond(tx: Tx, actor: Actor, row: MethodRow): Promise<void> {
	const { role_map, default_role } = row.config;
	const held = await tx.selectDistinct({ role: users.role }).from(users).where(eq(users.login_method, row.name));
	const given = [...role_map.map(({ role }) => role), ...(default_role ? [default_role] : [])];
	for (const name of new Set([...given, ...held.map(({ role }) => role)])) {
		const role = await getRoleForGrant(tx, name);
		refuseEscalation(actor, role, `decide on ${row.name}, by which people have the role ${role.name}`);
	}
}

/**
 * Who may change a method may not read its secret, nor have it sent to a server of their own: it goes only where whoever gave it said.
 * @throws login_methods.incomplete
 */
export function refuseElsewhere(before: MethodRow, after: MethodRow): void {
	const known = new Set(whereSecretGoes(before));
	if (whereSecretGoes(after).every((place) => known.has(place))) return;
	const message = "What is asked, or how it is protected, is another now: give the stored secret again.";
	throw failed("login_methods.incomplete", { message, errors: [{ path: "body.secret", message }] });
}

function whereSecretGoes({ kind, config }: MethodRow): string[] {
	if (kind === "oidc") return [JSON.stringify([config.issuer, config.client_id, config.allow_plaintext])];
	const { servers, start_tls, allow_plaintext, ca_certificates, bind_dn } = config;
	return servers.map((url) => JSON.stringify([url, start_tls, allow_plaintext, ca_certificates, bind_dn]));
}

interface Lack {
	path: string;
	message: string;
}

function lacksOfLdap(config: LdapConfig, has_secret: boolean): Lack | undefined {
	const at = (key: string, message: string) => ({ path: `body.config.${key}`, message });
	const plaintext = config.servers.filter((url) => url.startsWith("ldap://"));
	if (plaintext.length > 0 && !config.start_tls && !config.allow_plaintext) {
		return at(
			"servers",
			`Passwords would go to ${plaintext[0]} unencrypted. Use ldaps:// or StartTLS, or allow it expressly.`,
		);
	}
	if (config.bind === "service") {
		if (config.bind_dn === null) return at("bind_dn", "Looking people up needs an account to do it with.");
		if (!has_secret) return { path: "body.secret", message: "The account that looks people up needs its password." };
		return undefined;
	}
	return config.user_dn_template === null
		? at("user_dn_template", "Signing in directly needs to know what a name becomes.")
		: undefined;
}

function lacksOfOidc(config: OidcConfig): Lack | undefined {
	if (!config.scopes.includes("openid")) {
		return { path: "body.config.scopes", message: "Without the scope openid a provider does not say who somebody is." };
	}
	const plaintext = [config.issuer, config.redirect_uri].find(isInTheClear);
	if (plaintext !== undefined && !config.allow_plaintext) {
		const path = plaintext === config.issuer ? "body.config.issuer" : "body.config.redirect_uri";
		return { path, message: `${plaintext} is not encrypted. Use https://, or allow it expressly.` };
	}
	return undefined;
}
