import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { failed, isAppError } from "../errors.ts";
import { connectClient } from "./connect-client.ts";
import { plainIdentifier, searchPath } from "./database.ts";
import { toDatabaseError } from "./query-error.ts";
import { throughRestart } from "./through-restart.ts";

export interface ProvisionOptions {
	/** URL of the database, of a role that may create roles, schemas and extensions. */
	admin_url: string;
	/** Names the schema `<service>` and the login role `nc_<service>`. */
	service: string;
	/** The role's password: derived by the caller, so that it need not be stored. */
	password: string;
	/** Further schemas of the same role, for libraries that bring their own tables. */
	extra_schemas?: string[];
	/** Looks at the database as its administrator before anything is changed; what it throws is thrown on. */
	check?(client: pg.ClientBase): Promise<void>;
}

/**
 * Makes sure that the service's role and schema exist, that the role owns the schema and has no right on any other, and that `pg_trgm` is there (in `public`).
 * May be called at every start, by several processes at once. Answers the URL with which the service signs in.
 */
export async function provisionSchema({
	admin_url,
	service,
	password,
	extra_schemas = [],
	check,
}: ProvisionOptions): Promise<string> {
	const role = `nc_${plainIdentifier(service)}`;
	const schemas = [service, ...extra_schemas].map(plainIdentifier);
	try {
		await throughRestart(() =>
			withAdministrator(admin_url, async (client) => {
				await check?.(client);
				await provisionOnce(client, role, schemas, password);
			}),
		);
	} catch (error) {
		throw explained(error, role, admin_url);
	}
	const url = new URL(admin_url);
	url.username = role;
	url.password = encodeURIComponent(password);
	return url.href;
}

async function withAdministrator(admin_url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
	const client = new pg.Client({
		connectionString: admin_url,
		application_name: "netconductor provisioning",
		connectionTimeoutMillis: 10_000,
	});
	client.on("error", () => {});
	try {
		await connectClient(client);
		await work(client);
	} finally {
		await client.end().catch(() => {});
	}
}

async function provisionOnce(client: pg.Client, role: string, schemas: string[], password: string): Promise<void> {
	for (let attempt = 1; ; attempt++) {
		try {
			return await provision(client, role, schemas, password);
		} catch (error) {
			// What there is to undo went with a lost connection.
			await client.query("rollback").catch(() => {});
			// The lock holds per database but roles are the cluster's: another database may be provisioning the same role this instant.
			if (attempt === 10 || !isRoleRace(error)) throw error;
			await sleep(20 + Math.random() * 50);
		}
	}
}

async function provision(client: pg.Client, role: string, schemas: string[], password: string): Promise<void> {
	await client.query("begin");
	await client.query("select pg_advisory_xact_lock(hashtextextended('netconductor.provision', 0))");
	const { rows } = await client.query<{ role_exists: boolean; superuser: boolean; owns_public: boolean }>(
		`select exists (select from pg_roles where rolname = $1) as role_exists,
			(select rolsuper from pg_roles where rolname = current_user) as superuser,
			coalesce((select pg_has_role(nspowner, 'usage') from pg_namespace where nspname = 'public'), false) as owns_public`,
		[role],
	);
	const [facts] = rows;
	// The verifier instead of the password: statements may end in the server's log.
	const verifier = scramVerifier(password);
	await client.query(
		`${facts?.role_exists ? "alter" : "create"} role ${role} with login nosuperuser nocreatedb nocreaterole password '${verifier}'`,
	);
	await client.query(`alter role ${role} set search_path = ${searchPath(schemas[0] as string)}`);
	// A mere CREATEROLE administrator must be a member to hand over ownership.
	if (!facts?.superuser) await client.query(`grant ${role} to current_user`);
	if (facts?.owns_public) await client.query("revoke create on schema public from public");
	await client.query("create extension if not exists pg_trgm with schema public");
	for (const schema of schemas) {
		await client.query(`create schema if not exists ${schema} authorization ${role}`);
		await client.query(`revoke all on schema ${schema} from public`);
	}
	await client.query("commit");
}

function isRoleRace(error: unknown): boolean {
	if (!(error instanceof Error) || !("code" in error)) return false;
	return error.message.includes("tuple concurrently updated") || error.code === "42710" || error.code === "23505";
}

/** Names the place and what to do; the place without its password. */
function explained(thrown: unknown, role: string, admin_url: string): Error {
	const error = explainedConnection(thrown, admin_url);
	const sqlstate = "sqlstate" in error ? String(error.sqlstate) : "";
	if (sqlstate !== "42501") return error;
	return failed("startup.database_failed", {
		message: `The database user may not create the role ${role}, its schema or the extension pg_trgm: ${error.message}. Give it CREATEROLE and CREATE on the database.`,
		cause: error,
	});
}

/** The same for why nobody was let in; other errors as they are. */
export function explainedConnection(thrown: unknown, url: string): Error {
	if (isAppError(thrown)) return thrown;
	const error = toDatabaseError(thrown);
	const { username, hostname, port, pathname } = new URL(url);
	const place = `${decodeURIComponent(pathname.slice(1)) || username} on ${decodeURIComponent(hostname)}:${port || 5432}`;
	if (isAppError(error)) {
		const { cause } = error;
		const reason = cause instanceof Error && "code" in cause ? ` (${cause.code})` : "";
		return failed("startup.database_failed", {
			message: `The database ${place} does not answer${reason}. Is PostgreSQL running there, and is DATABASE_URL right?`,
			cause: error,
		});
	}
	const sqlstate = "sqlstate" in error ? String(error.sqlstate) : "";
	// 28 invalid authorization, 3D000 no such database.
	if (sqlstate.startsWith("28") || sqlstate === "3D000") {
		return failed("startup.database_failed", {
			message: `The database ${place} does not let ${decodeURIComponent(username)} in: ${error.message}. Is DATABASE_URL right?`,
			cause: error,
		});
	}
	return error;
}

/** What PostgreSQL stores for a password: RFC 5802 with SHA-256, form as in src/common/scram-common.c. */
function scramVerifier(password: string): string {
	const salt = randomBytes(16);
	const iterations = 4_096;
	const salted = pbkdf2Sync(password.normalize("NFKC"), salt, iterations, 32, "sha256");
	const keyed = (label: string) => createHmac("sha256", salted).update(label).digest();
	const stored = createHash("sha256").update(keyed("Client Key")).digest("base64");
	return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${stored}:${keyed("Server Key").toString("base64")}`;
}
