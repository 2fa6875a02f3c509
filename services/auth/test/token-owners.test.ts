import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type AuthHost, anonymousFrom } from "./auth-host.ts";
import { type CorporateDirectory, startCorporateDirectory } from "./corporate-directory.ts";

let corp: CorporateDirectory;
let auth: AuthHost;
beforeAll(async () => {
	corp = await startCorporateDirectory("auth_token_owners");
	auth = corp.auth;
	await auth.start();
});
afterAll(() => corp?.stop());
afterEach(() => corp.clear());

const hour_ms = 3_600_000;

/** Lets minutes pass until a token does what is awaited: background work goes by the clock, and takes time of its own. */
async function awaited(token: string, outcome: string): Promise<void> {
	await expect
		.poll(
			async () => {
				await auth.clock.advance(60_000);
				return corp.outcomeOf(token);
			},
			{ timeout: 15_000, interval: 50 },
		)
		.toBe(outcome);
}

test("who is gone from the directory loses their API tokens, though no session of theirs is ever refreshed", async () => {
	await corp.add();
	await corp.danArrives();
	const pair = await auth.login("dan", "dan secret");
	const [gone, stays] = [await corp.tokenOf(pair), await corp.tokenOf(await auth.login("alice", "alice secret"))];
	await corp.danLeaves();
	await auth.clock.advance(hour_ms);
	await awaited(gone, "auth.unauthenticated");
	const { absent_since } = await auth.api.getUser({ params: { id: pair.user.id } }, await corp.admin());
	expect(absent_since).not.toBeNull();
	expect(await corp.outcomeOf(stays)).toBe("works");
});

test("the last administrator too, when they are gone", async () => {
	const { id } = await corp.add({ default_role: "admin" });
	await corp.danArrives();
	const pair = await auth.login("dan", "dan secret");
	const token = await corp.tokenOf(pair);
	const local = await corp.admin();
	try {
		const disabled = { params: { id: local.actor.id }, body: { disabled: true } };
		await auth.api.updateUser(disabled, await auth.as(pair));
		await corp.danLeaves();
		await auth.clock.advance(hour_ms);
		await awaited(token, "auth.unauthenticated");
	} finally {
		await auth.db.query("update users set disabled = false where login_method is null");
	}
	await corp.change(id, { config: corp.configured() });
});

test("while a directory is away API tokens go on for twelve hours, and again when it is back", async () => {
	await corp.add();
	const token = await corp.tokenOf(await auth.login("alice", "alice secret"));
	await corp.directory.kill();
	try {
		await auth.clock.advance(11 * hour_ms);
		expect(await corp.outcomeOf(token)).toBe("works");
		await auth.clock.advance(hour_ms);
		expect(await corp.outcomeOf(token)).toBe("auth.unauthenticated");
	} finally {
		await corp.directory.start();
	}
	await awaited(token, "works");
});

test("where nobody can be asked, API tokens rest a day after their owner signed in, or after as long as the settings say", async () => {
	await corp.add({ bind: "direct", bind_dn: null, user_dn_template: "uid={username},ou=people,dc=example,dc=com" });
	const pair = await auth.login("alice", "alice secret");
	const token = await corp.tokenOf(pair);
	await auth.clock.advance(23 * hour_ms);
	expect(await corp.outcomeOf(token)).toBe("works");
	await auth.clock.advance(hour_ms);
	expect(await corp.outcomeOf(token)).toBe("auth.unauthenticated");
	const set = async (token_unconfirmed_hours: number) =>
		auth.api.updateSettings({ body: { token_unconfirmed_hours } }, await corp.admin());
	await set(168);
	expect(await corp.outcomeOf(token)).toBe("works");
	await set(24);
	expect(await corp.outcomeOf(token)).toBe("auth.unauthenticated");
	await auth.login("alice", "alice secret");
	expect(await corp.outcomeOf(token)).toBe("works");
	await expect(set(169)).rejects.toMatchObject({ kind: "invalid" });
});

test("where nobody can be asked, a session that is refreshed all the time ends after a week as well", async () => {
	await corp.add({ bind: "direct", bind_dn: null, user_dn_template: "uid={username},ou=people,dc=example,dc=com" });
	const refresh = (refresh_token: string) => auth.api.refresh({ body: { refresh_token } }, anonymousFrom());
	let { refresh_token } = await auth.login("alice", "alice secret");
	for (let day = 1; day < 7; day++) {
		await auth.clock.advance(24 * hour_ms);
		({ refresh_token } = await refresh(refresh_token));
	}
	await auth.clock.advance(24 * hour_ms);
	await expect(refresh(refresh_token)).rejects.toMatchObject({ code: "auth.session_ended" });
});
