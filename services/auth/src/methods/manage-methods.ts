import type { LoginMethod } from "@netconductor/contracts/auth/login-methods";
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
import { findAccount } from "../sessions/login.ts";
import { type EndingNeeds, endSessions } from "../sessions/session-store.ts";
import { loginMethods, users } from "../tables.ts";
import type { LoginThrottle } from "../throttle/login-throttle.ts";
import { lockActiveAdmins } from "../users/user-store.ts";
import { checkMethod, refuseBeyond, refuseElsewhere } from "./check-method.ts";
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
import { goesOn, partFrom } from "./realm.ts";

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
			const ending = { outbox, ephemeral, clock };
			const disables = before.enabled && !changed.enabled;
			const admins = disables ? await lockActiveAdmins(tx) : [];
			await writeMethod(tx, changed);
			if (!goesOn(before, changed)) await partFrom(tx, ending, before, changed);
			if (disables) {
				if (admins.length > 0 && (await lockActiveAdmins(tx)).length === 0) throw lastAdmins(changed);
				await endSessionsOf(tx, ending, changed.name);
			}
			note({ ...about(changed), before: visible(before), after: visible(changed) });
			return changed;
		});
		return describe(db, after);
	};
}

export function orderLoginMethods({ db, clock }: Needs): Operation<"orderLoginMethods"> {
	return async ({ body, actor, note }) => {
		const now = clock.now().toISOString();
		await db.transaction(async (tx) => {
			const all = await lockAll(tx);
			const wanted = new Set(body.ids);
			if (wanted.size !== body.ids.length || all.length !== wanted.size || !all.every(({ id }) => wanted.has(id))) {
				throw failed("login_methods.bad_order", {
					message: `Name each of the ${all.length} ways to sign in exactly once. Somebody may have added or deleted one; read the list again.`,
				});
			}
			const asked = all.filter(({ enabled }) => enabled);
			const asked_then = body.ids.filter((id) => asked.some((row) => row.id === id));
			// Whom a name belongs to that several know is decided by which is asked first.
			for (const [at, row] of asked.entries()) if (asked_then[at] !== row.id) await refuseBeyond(tx, actor, row);
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
async function lockAll(tx: Tx): Promise<MethodRow[]> {
	await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('auth.login_methods', 0))`);
	return readMethods(tx);
}

async function endSessionsOf(tx: Tx, needs: EndingNeeds, method: string): Promise<void> {
	const affected = await tx.select({ id: users.id }).from(users).where(eq(users.login_method, method));
	for (const { id } of affected) await endSessions(tx, needs, { user_id: id }, "method_disabled");
}

function lastAdmins({ name }: MethodRow) {
	return failed("users.last_admin", {
		message: `Without ${name} no administrator could sign in. Make a local user administrator first.`,
	});
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
