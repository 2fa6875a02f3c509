import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type AuthHost, anonymousFrom } from "./auth-host.ts";
import { type CorporateDirectory, startCorporateDirectory } from "./corporate-directory.ts";

let corp: CorporateDirectory;
let auth: AuthHost;
beforeAll(async () => {
	corp = await startCorporateDirectory("auth_external_access");
	auth = corp.auth;
});
afterAll(() => corp?.stop());
afterEach(() => corp.clear());

const refresh = (refresh_token: string) => auth.api.refresh({ body: { refresh_token } }, anonymousFrom());

describe("a test with a password", () => {
	test("is counted like a sign-in by that name, so that it is no way around the throttle", async () => {
		const { id } = await corp.add();
		const admin = await corp.admin();
		const tried = (password: string) =>
			auth.api
				.testLoginMethod({ params: { id }, body: { username: "alice", password } }, admin)
				.then(({ passed }) => (passed ? "passed" : "failed"))
				.catch((error: { code: string }) => error.code);
		const seen: string[] = [];
		for (let n = 0; n < 14; n++) seen.push(await tried(n % 2 === 0 ? "wrong" : "alice secret"));
		expect(seen.slice(0, 2)).toEqual(["failed", "passed"]);
		expect(seen.at(-1)).toBe("auth.throttled");
		await expect(auth.login("ALICE", "alice secret", "192.0.2.44")).rejects.toMatchObject({ code: "auth.throttled" });
		await auth.clock.advance(16 * 60_000);
	});

	test("stays on record with the name that was tried, and never the password", async () => {
		const { id } = await corp.add();
		await auth.api.testLoginMethod(
			{ params: { id }, body: { username: "alice", password: "alice secret" } },
			await corp.admin(),
		);
		const recorded = (await auth.published("audit.operation_recorded.v1")).filter(
			({ operation }) => operation === "testLoginMethod",
		);
		expect(recorded.at(-1)).toMatchObject({ after: { tried: { username: "alice", password: true } } });
		expect(JSON.stringify(recorded)).not.toContain("alice secret");
	});

	test("takes what changing the method takes: its roles", async () => {
		const permissions = ["login_methods:*"];
		await auth.api.createRole({ body: { name: "porter", label: "Porter", permissions } }, await corp.admin());
		const password = "a password of some length";
		const user = { username: "porter", role: "porter", password, must_change_password: false };
		await auth.api.createUser({ body: user }, await corp.admin());
		const porter = await auth.as(await auth.login("porter", password));
		const { id } = await corp.add();
		const body = { username: "alice", password: "alice secret" };
		await expect(auth.api.testLoginMethod({ params: { id }, body }, porter)).rejects.toMatchObject({
			code: "roles.escalation",
		});
	});
});

describe("a way to sign in that is disabled", () => {
	test("lets no API token of its people through until it is enabled again", async () => {
		const { id } = await corp.add();
		const token = await corp.tokenOf(await auth.login("alice", "alice secret"));
		expect(await corp.outcomeOf(token)).toBe("works");
		await corp.change(id, { enabled: false });
		expect(await corp.outcomeOf(token)).toBe("auth.unauthenticated");
		await corp.change(id, { enabled: true });
		expect(await corp.outcomeOf(token)).toBe("works");
	});

	test("is not disabled while the last administrator signs in by it, whatever else is done at the same moment", async () => {
		const { id } = await corp.add({ default_role: "admin" });
		const alice = await auth.as(await auth.login("alice", "alice secret"));
		const local = await corp.admin();
		const disable = (enabled: boolean) => {
			const body = { kind: "ldap", enabled } as const;
			return auth.api.updateLoginMethod({ params: { id }, body }, alice).then(
				() => "done",
				(error: { code: string }) => error.code,
			);
		};
		const disableLocal = () =>
			auth.api.updateUser({ params: { id: local.actor.id }, body: { disabled: true } }, alice).then(
				() => "done",
				(error: { code: string }) => error.code,
			);
		try {
			for (let round = 0; round < 5; round++) {
				const outcomes = await Promise.all([disable(false), disableLocal()]);
				expect(outcomes.toSorted(), `round ${round}`).toEqual(["done", "users.last_admin"]);
				await auth.db.query("update users set disabled = false");
				await auth.db.query("update login_methods set enabled = true");
			}
		} finally {
			await auth.db.query("update users set disabled = false");
		}
		await corp.change(id, { config: corp.configured() });
	});

	test("keeps nobody in, whatever was said of them minutes ago", async () => {
		await corp.add();
		const pair = await auth.login("alice", "alice secret");
		// Without what disabling it by the API does to their sessions.
		await auth.db.query("update login_methods set enabled = false");
		await expect(auth.as(pair)).rejects.toMatchObject({ code: "auth.session_ended" });
		await expect(refresh(pair.refresh_token)).rejects.toMatchObject({ code: "auth.session_ended" });
	});

	test("lets nobody in who was recognised before it was disabled and signs in after", async () => {
		const { id } = await corp.add();
		await auth.login("alice", "alice secret");
		const outcome = vi.fn();
		let signingIn: Promise<unknown> | undefined;
		await auth.db.transaction(async (tx) => {
			await tx.execute(sql`update login_methods set enabled = false where id = ${id}`);
			const { rows } = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
			signingIn = auth.login("alice", "alice secret").then(
				() => outcome("signed in"),
				(error: { code: string }) => outcome(error.code),
			);
			const waits = "select 1 from pg_stat_activity where $1 = any(pg_blocking_pids(pid))";
			await expect
				.poll(async () => (await auth.db.query(waits, [rows[0]?.pid])).length + outcome.mock.calls.length, {
					timeout: 15_000,
				})
				.toBeGreaterThan(0);
		});
		await signingIn;
		expect(outcome).toHaveBeenCalledExactlyOnceWith("auth.bad_credentials");
	});
});

test("who signs in elsewhere owes no second factor here: it is set up there", async () => {
	await corp.add();
	await auth.api.updateSettings({ body: { require_second_factor: true } }, await corp.admin());
	try {
		const alice = await auth.as(await auth.login("alice", "alice secret"));
		expect((await auth.api.getMe({}, alice)).must_add_second_factor).toBe(false);
		expect((await auth.api.getMe({}, await corp.admin())).must_add_second_factor).toBe(true);
	} finally {
		await auth.api.updateSettings({ body: { require_second_factor: false } }, await corp.admin());
	}
});

describe("a refresh", () => {
	test("asks nobody about a session that is over, or by a token that was used", async () => {
		await corp.add();
		const [over, stolen] = [await auth.login("alice", "alice secret"), await auth.login("alice", "alice secret")];
		await auth.api.logout({}, await auth.as(over));
		await refresh(stolen.refresh_token);
		await auth.clock.advance(6 * 60_000);
		await corp.directory.kill();
		try {
			await expect(refresh(over.refresh_token)).rejects.toMatchObject({ code: "auth.session_ended" });
			await expect(refresh(stolen.refresh_token)).rejects.toMatchObject({ code: "auth.refresh_reused" });
			expect(auth.logged()).not.toContain("nobody says whether");
		} finally {
			await corp.directory.start();
		}
	});
});
