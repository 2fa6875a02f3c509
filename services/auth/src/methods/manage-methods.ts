import type { LdapConfig, LoginMethod, OidcConfig } from "@netconductor/contracts/auth/login-methods";
import type { Actor } from "@netconductor/contracts/kernel/actor";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import type { Outbox } from "@netconductor/runtime/bus/outbox";
import type { Clock } from "@netconductor/runtime/clock";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { newId } from "@netconductor/runtime/id";
import type { Vault } from "@netconductor/runtime/vault";
import { eq, sql } from "drizzle-orm";
import { networkOf } from "../address.ts";
import type { Operation } from "../operation.ts";
import { refuseEscalation } from "../roles/manage-roles.ts";
import { getRoleForGrant } from "../roles/role-store.ts";
import { findAccount } from "../sessions/login.ts";
import { type EndingNeeds, endSessions } from "../sessions/session-store.ts";
import { loginMethods, users } from "../tables.ts";
import type { LoginThrottle } from "../throttle/login-throttle.ts";
import type { MethodKinds } from "./method-kinds.ts";
import {
	describeMethods,
	lockMethod,
	type MethodRow,
	readMethod,
	readMethods,
	sealMethodSecret,
	writeMethod,
} from "./method-store.ts";

/** More ways to sign in than anybody wants to wait for. */
const most = 50;

interface Needs {
	db: Database;
	vault: Vault;
	outbox: Outbox;
	ephemeral: Pick<Ephemeral, "publish">;
	clock: Clock;
}

export function listLoginMethods({ db }: Needs): Operation<"listLoginMethods"> {
	return async () => describeMethods(db.orm, await readMethods(db.orm));
}

export function getLoginMethod({ db }: Needs): Operation<"getLoginMethod"> {
	return async ({ params }) => describe(db, await readMethod(db.orm, params.id));
}

export function createLoginMethod({ db, vault, clock }: Needs): Operation<"createLoginMethod"> {
	return async ({ body, actor, note }) => {
		const id = newId();
		const { secret: given, ...rest } = body;
		const secret = given === undefined ? null : await sealMethodSecret(vault, id, given);
		const now = clock.now().toISOString();
		const row = await db.transaction(async (tx) => {
			const others = await lockAll(tx);
			if (others.length >= most) {
				throw failed("login_methods.too_many", { message: `There are ${most} ways to sign in already.` });
			}
			const last = Math.max(0, ...others.map(({ position }) => position));
			const made: MethodRow = { ...rest, id, secret, position: last + 1, created_at: now, updated_at: now };
			await checkMethod(tx, actor, made);
			await writeMethod(tx, made);
			return made;
		});
		note({ ...about(row), after: visible(row) });
		return describe(db, row);
	};
}

export function updateLoginMethod({ db, vault, outbox, ephemeral, clock }: Needs): Operation<"updateLoginMethod"> {
	return async ({ params, body, actor, note }) => {
		const sealed = body.secret ? await sealMethodSecret(vault, params.id, body.secret) : body.secret;
		const after = await db.transaction(async (tx) => {
			const before = await lockMethod(tx, params.id);
			if (before.kind !== body.kind) {
				throw failed("login_methods.other_kind", {
					message: `${before.name} is of the kind ${before.kind} and cannot become ${body.kind}. Add another one instead.`,
				});
			}
			// Whoever changes where passwords are asked decides who comes in, as whoever may come in already.
			await checkMethod(tx, actor, before);
			const { name, enabled, provision, config } = body;
			const changed = {
				...before,
				...(name !== undefined && { name }),
				...(enabled !== undefined && { enabled }),
				...(provision !== undefined && { provision }),
				...(config !== undefined && { config }),
				...(sealed !== undefined && { secret: sealed }),
				updated_at: clock.now().toISOString(),
			} as MethodRow;
			await checkMethod(tx, actor, changed);
			if (sealed === undefined && before.secret !== null) refuseElsewhere(before, changed);
			await writeMethod(tx, changed);
			if (before.enabled && !changed.enabled) await endSessionsOf(tx, { outbox, ephemeral, clock }, changed.name);
			note({ ...about(changed), before: visible(before), after: visible(changed) });
			return changed;
		});
		return describe(db, after);
	};
}

export function orderLoginMethods({ db, clock }: Needs): Operation<"orderLoginMethods"> {
	return async ({ body, note }) => {
		const now = clock.now().toISOString();
		await db.transaction(async (tx) => {
			const all = await lockAll(tx);
			const wanted = new Set(body.ids);
			if (wanted.size !== body.ids.length || all.length !== wanted.size || !all.every(({ id }) => wanted.has(id))) {
				throw failed("login_methods.bad_order", {
					message: `Name each of the ${all.length} ways to sign in exactly once. Somebody may have added or deleted one; read the list again.`,
				});
			}
			for (const [at, id] of body.ids.entries()) {
				await tx
					.update(loginMethods)
					.set({ position: at + 1, updated_at: now })
					.where(eq(loginMethods.id, id));
			}
			const order = (ids: string[]) => ids.map((id) => all.find((row) => row.id === id)?.name);
			note({
				resource_type: "login_method",
				before: { order: order(all.map(({ id }) => id)) },
				after: { order: order(body.ids) },
			});
		});
		return describeMethods(db.orm, await readMethods(db.orm));
	};
}

export function deleteLoginMethod({ db }: Needs): Operation<"deleteLoginMethod"> {
	return async ({ params, actor, note }) => {
		await db.transaction(async (tx) => {
			const row = await lockMethod(tx, params.id);
			await checkMethod(tx, actor, row);
			const [counted] = await tx
				.select({ users: sql<number>`count(*)::int` })
				.from(users)
				.where(eq(users.login_method, row.name));
			if (counted !== undefined && counted.users > 0) {
				throw failed("login_methods.in_use", {
					message: `${counted.users} ${counted.users === 1 ? "user signs" : "users sign"} in by ${row.name}. Disable it, or delete them first.`,
					details: { users: counted.users },
				});
			}
			await tx.delete(loginMethods).where(eq(loginMethods.id, row.id));
			note({ ...about(row), before: visible(row) });
		});
		return undefined;
	};
}

/**
 * Nothing is stored, and a wrong password is an answer like any other. A password is counted like one at the sign-in, and never given back when it
 * was right: a directory of one's own, which says yes to everything, must not clear what was counted against somebody.
 */
export function testLoginMethod({
	db,
	methods,
	throttle,
}: Needs & { methods: MethodKinds; throttle: LoginThrottle }): Operation<"testLoginMethod"> {
	return async ({ params, body, actor, note }) => {
		const row = await readMethod(db.orm, params.id);
		const { username, password } = body;
		note({ ...about(row), after: { tried: { username, password: password !== undefined } } });
		await db.transaction((tx) => checkMethod(tx, actor, row));
		if (username !== undefined && password !== undefined) {
			const network = networkOf(actor.ip);
			const { familiar } = await findAccount(db, username.toLowerCase(), network);
			await throttle.begin({ username: username.toLowerCase(), network, familiar });
		}
		const steps =
			row.kind === "ldap"
				? await (await methods.directory(row)).test(body)
				: await (await methods.provider(row)).test();
		return { passed: steps.every(({ outcome }) => outcome !== "failed"), steps };
	};
}

/** All methods, locked in one order, so that two who add or order at once come one after the other. */
async function lockAll(tx: Tx): Promise<{ id: string; name: string; position: number }[]> {
	await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('auth.login_methods', 0))`);
	return readMethods(tx);
}

/**
 * What a method needs so that it can work, and whether this person may hand out the roles that it hands out.
 * @throws login_methods.incomplete, roles.not_found, roles.escalation
 */
async function checkMethod(tx: Tx, actor: Actor, row: MethodRow): Promise<void> {
	const lacks = row.kind === "ldap" ? lacksOfLdap(row.config, row.secret !== null) : lacksOfOidc(row.config);
	if (lacks !== undefined) {
		throw failed("login_methods.incomplete", {
			message: lacks.message,
			errors: [{ path: lacks.path, message: lacks.message }],
		});
	}
	const named = [
		...row.config.role_map.map(({ role }) => role),
		...(row.config.default_role ? [row.config.default_role] : []),
	];
	for (const name of new Set(named)) {
		const role = await getRoleForGrant(tx, name);
		refuseEscalation(actor, role.permissions, `let ${row.name} give the role ${role.name}`);
	}
}

/**
 * Who may change a method may not read its secret, nor have it sent to a server of their own: it goes only where whoever gave it said.
 * @throws login_methods.incomplete
 */
function refuseElsewhere(before: MethodRow, after: MethodRow): void {
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
	const plaintext = [config.issuer, config.redirect_uri].find(
		(url) => url.startsWith("http://") && !isLoopback(new URL(url).hostname),
	);
	if (plaintext !== undefined && !config.allow_plaintext) {
		const path = plaintext === config.issuer ? "body.config.issuer" : "body.config.redirect_uri";
		return { path, message: `${plaintext} is not encrypted. Use https://, or allow it expressly.` };
	}
	return undefined;
}

function isLoopback(host: string): boolean {
	return host === "localhost" || host === "[::1]" || /^127\./.test(host);
}

async function endSessionsOf(tx: Tx, needs: EndingNeeds, method: string): Promise<void> {
	const affected = await tx.select({ id: users.id }).from(users).where(eq(users.login_method, method));
	for (const { id } of affected) await endSessions(tx, needs, { user_id: id }, "method_disabled");
}

async function describe(db: Database, row: MethodRow): Promise<LoginMethod> {
	const [described] = await describeMethods(db.orm, [row]);
	return described as LoginMethod;
}

function about(row: Pick<MethodRow, "id" | "name">) {
	return { resource_type: "login_method", resource_id: row.id, resource_name: row.name };
}

function visible({ name, kind, enabled, provision, position, config, secret }: MethodRow) {
	return { name, kind, enabled, provision, position, config, has_secret: secret !== null };
}
