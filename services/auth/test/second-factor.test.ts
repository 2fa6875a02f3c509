import { asksForCode, type SecondFactorAsked, tokensOf } from "@netconductor/contracts/auth/second-factor";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { tidyUp } from "../src/housekeeping.ts";
import { stepAt, totpCode } from "../src/second-factor/totp.ts";
import { type AuthHost, anonymousFrom, startAuthHost } from "./auth-host.ts";

const adminPassword = "correct horse battery";
const password = "a password of some length";
let auth: AuthHost;
let admin: Awaited<ReturnType<AuthHost["as"]>>;
beforeAll(async () => {
	auth = await startAuthHost("auth_second_factor", { admin_password: adminPassword });
	admin = await auth.as(await auth.login("admin", adminPassword));
});
afterAll(() => auth.stop());
// Every test begins with attempts forgotten, and with a code that was not used yet.
beforeEach(() => auth.clock.advance(16 * 60_000));

/** What the app shows, `steps` from now. */
function codeOf(secret: string, steps = 0): string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
	const key = Buffer.from(bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
	return totpCode(key, stepAt(auth.clock.now()) + steps);
}

/** A code that is none of this moment. */
function wrongCodeOf(secret: string): string {
	const near = [-1, 0, 1].map((steps) => codeOf(secret, steps));
	return ["000000", "111111", "222222", "333333"].find((code) => !near.includes(code)) ?? "";
}

let users = 0;
async function addUser({ role = "viewer" } = {}) {
	const username = `user-${++users}`;
	const body = { username, password, role, must_change_password: false };
	const { id } = await auth.api.createUser({ body }, admin);
	const pair = await auth.login(username, password, "192.0.2.1");
	return { id, username, pair, caller: await auth.as(pair) };
}

async function enrolled(given = {}) {
	const user = await addUser(given);
	const factor = await auth.api.beginSecondFactor({ body: { password } }, user.caller);
	const { recovery_codes } = await auth.api.confirmSecondFactor(
		{ params: { id: factor.id }, body: { code: codeOf(factor.secret) } },
		user.caller,
	);
	await auth.clock.advance(60_000);
	return { ...user, factor, recovery_codes };
}

async function giveThePassword(username: string, given = password, ip?: string): Promise<SecondFactorAsked> {
	const answer = await auth.api.login({ body: { username, password: given } }, anonymousFrom(ip));
	if (!asksForCode(answer)) throw new Error("no code was asked for");
	return answer;
}

const giveCode = ({ second_factor: { challenge } }: SecondFactorAsked, code: string, ip?: string) =>
	auth.api.signInWithCode({ body: { challenge, code } }, anonymousFrom(ip));

test("who has a second factor signs in with the password and a code, and with neither alone", async () => {
	const user = await enrolled();
	const asked = await giveThePassword(user.username);
	expect(JSON.stringify(asked)).not.toMatch(/ncr_|access_token/);
	expect(() => tokensOf(asked)).toThrow(TypeError);
	const pair = await giveCode(asked, codeOf(user.factor.secret));
	expect((await auth.as(pair)).actor).toMatchObject({ name: user.username });
	await expect(
		auth.api.login({ body: { username: user.username, password: "wrong" } }, anonymousFrom()),
	).rejects.toMatchObject({ code: "auth.bad_credentials" });
	await expect(
		giveCode({ second_factor: { ...asked.second_factor, challenge: "ncc_made-up" } }, codeOf(user.factor.secret)),
	).rejects.toMatchObject({
		code: "auth.challenge_over",
	});
});

test("a factor counts for nothing until a first code has confirmed it, and cannot be confirmed later than a quarter of an hour", async () => {
	const user = await addUser();
	const { id, secret, uri } = await auth.api.beginSecondFactor({ body: { password } }, user.caller);
	expect(new URL(uri).searchParams.get("secret")).toBe(secret);
	await auth.login(user.username, password);
	const confirm = (code: string) => auth.api.confirmSecondFactor({ params: { id }, body: { code } }, user.caller);
	await expect(confirm(wrongCodeOf(secret))).rejects.toMatchObject({ code: "auth.wrong_code" });
	await auth.clock.advance(16 * 60_000);
	await expect(confirm(codeOf(secret))).rejects.toMatchObject({ code: "second_factors.not_found" });
	await auth.login(user.username, password);
	expect((await auth.api.listMySecondFactors({}, user.caller)).factors).toEqual([]);
});

test("a challenge opens one session, whoever is first, and each code is good once", async () => {
	const user = await enrolled();
	const asked = await giveThePassword(user.username);
	const code = codeOf(user.factor.secret);
	const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => giveCode(asked, code)));
	expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
	const again = await giveThePassword(user.username);
	await expect(giveCode(again, code)).rejects.toMatchObject({ code: "auth.wrong_code" });
	// Nor one of before, which is within the window still.
	await expect(giveCode(again, codeOf(user.factor.secret, -1))).rejects.toMatchObject({ code: "auth.wrong_code" });
	await expect(giveCode(again, codeOf(user.factor.secret, 1))).resolves.toBeDefined();
});

test("a challenge is over after five minutes, and after five wrong codes", async () => {
	const user = await enrolled();
	const late = await giveThePassword(user.username);
	await auth.clock.advance(301_000);
	await expect(giveCode(late, codeOf(user.factor.secret))).rejects.toMatchObject({ code: "auth.challenge_over" });
	const asked = await giveThePassword(user.username);
	for (let n = 0; n < 5; n++) {
		await expect(giveCode(asked, wrongCodeOf(user.factor.secret))).rejects.toMatchObject({ code: "auth.wrong_code" });
	}
	await expect(giveCode(asked, codeOf(user.factor.secret))).rejects.toMatchObject({ code: "auth.challenge_over" });
	await tidyUp({
		...auth,
		keys: { followRotation: async () => {}, prune: async () => {} } as never,
		throttle: { prune: async () => {} } as never,
	});
	expect(
		await auth.db.query("select 1 from sign_in_challenges where expires_at < $1", [auth.clock.now().toISOString()]),
	).toEqual([]);
});

test("who knows the password is slowed down in guessing codes, from wherever they guess", async () => {
	const user = await enrolled();
	const seen: string[] = [];
	for (let n = 0; n < 30; n++) {
		const code = await giveThePassword(user.username, password, `10.3.${n}.1`).then(
			(asked) =>
				giveCode(asked, wrongCodeOf(user.factor.secret), `10.3.${n}.2`).then(
					() => "",
					(error) => error.code,
				),
			(error) => error.code,
		);
		seen.push(code);
	}
	expect(seen.filter((code) => code === "auth.wrong_code").length).toBeLessThanOrEqual(6);
	expect(seen.at(-1)).toBe("auth.throttled");
	// Nothing of it keeps the owner out, where they signed in before.
	const asked = await giveThePassword(user.username, password, "192.0.2.1");
	await expect(giveCode(asked, codeOf(user.factor.secret), "192.0.2.1")).resolves.toBeDefined();
});

test("many people with second factors behind one address are not slowed down by each other", async () => {
	const user = await enrolled();
	for (let n = 0; n < 40; n++) {
		const asked = await giveThePassword(user.username, password, "203.0.113.9");
		await giveCode(asked, codeOf(user.factor.secret), "203.0.113.9");
		await auth.clock.advance(30_000);
	}
});

test("each of ten recovery codes signs in once, and new ones make the old ones void", async () => {
	const user = await enrolled();
	const [first = "", second = ""] = user.recovery_codes;
	expect(new Set(user.recovery_codes).size).toBe(10);
	await giveCode(await giveThePassword(user.username), ` ${first.toLowerCase()} `);
	await expect(giveCode(await giveThePassword(user.username), first)).rejects.toMatchObject({
		code: "auth.wrong_code",
	});
	expect((await auth.api.listMySecondFactors({}, user.caller)).recovery_codes_left).toBe(9);
	const { recovery_codes } = await auth.api.createRecoveryCodes({ body: { password } }, user.caller);
	await expect(giveCode(await giveThePassword(user.username), second)).rejects.toMatchObject({
		code: "auth.wrong_code",
	});
	await giveCode(await giveThePassword(user.username), recovery_codes[3] ?? "");
});

test("another's code, recovery code or factor is of no use", async () => {
	const [one, other] = [await enrolled(), await enrolled()];
	await expect(giveCode(await giveThePassword(one.username), other.recovery_codes[0] ?? "")).rejects.toMatchObject({
		code: "auth.wrong_code",
	});
	await expect(
		auth.api.removeSecondFactor({ params: { id: other.factor.id }, body: { password } }, one.caller),
	).rejects.toMatchObject({ code: "second_factors.not_found" });
	expect((await auth.api.listMySecondFactors({}, other.caller)).factors).toHaveLength(1);
});

test("a session alone neither gives nor takes a second factor: the password or a code does", async () => {
	const stranger = await addUser();
	await expect(
		auth.api.beginSecondFactor({ body: { password: "not the password" } }, stranger.caller),
	).rejects.toMatchObject({ code: "auth.bad_credentials" });
	const user = await enrolled();
	const remove = (body: { password?: string; code?: string }) =>
		auth.api.removeSecondFactor({ params: { id: user.factor.id }, body }, user.caller);
	await expect(remove({})).rejects.toMatchObject({ code: "request.invalid" });
	await expect(remove({ password: "wrong" })).rejects.toMatchObject({ code: "auth.bad_credentials" });
	await expect(remove({ code: wrongCodeOf(user.factor.secret) })).rejects.toMatchObject({ code: "auth.wrong_code" });
	await remove({ code: codeOf(user.factor.secret) });
	await auth.login(user.username, password);
	expect(await auth.api.listMySecondFactors({}, user.caller)).toEqual({
		factors: [],
		passkeys: [],
		recovery_codes_left: 0,
	});
});

test("a second factor that is there is not replaced by beginning another", async () => {
	const user = await enrolled();
	await expect(auth.api.beginSecondFactor({ body: { password } }, user.caller)).rejects.toMatchObject({
		code: "second_factors.exists",
	});
	await giveCode(await giveThePassword(user.username), codeOf(user.factor.secret));
});

test("an API token cannot set up or remove a second factor", async () => {
	const user = await enrolled();
	const { token } = await auth.api.createToken(
		{ body: { name: "script", permissions: ["devices:read"] } },
		user.caller,
	);
	const caller = await auth.asToken(token);
	await expect(
		auth.api.removeSecondFactor({ params: { id: user.factor.id }, body: { password } }, caller),
	).rejects.toMatchObject({ code: "auth.forbidden" });
});

test("an administrator removes the factor of who lost theirs, whose sessions end; nobody beyond their grants does", async () => {
	const boss = await enrolled({ role: "admin" });
	const body = { name: "clerk", label: "Clerk", permissions: ["users:*"] };
	await auth.api.createRole({ body }, admin);
	const clerk = await addUser({ role: "clerk" });
	const params = { id: boss.id };
	await expect(auth.api.removeUserSecondFactors({ params }, clerk.caller)).rejects.toMatchObject({
		code: "roles.escalation",
	});
	expect((await auth.api.listUserSecondFactors({ params }, clerk.caller)).factors).toHaveLength(1);
	const asked = await giveThePassword(boss.username);
	await auth.api.removeUserSecondFactors({ params }, admin);
	await expect(auth.as(boss.pair)).rejects.toMatchObject({ code: "auth.session_ended" });
	await expect(giveCode(asked, codeOf(boss.factor.secret))).rejects.toMatchObject({ code: "auth.challenge_over" });
	await auth.login(boss.username, password);
	const [record] = await auth.db.query<{ payload: { resource_id?: string } }>(
		"select payload from outbox where payload ->> 'operation' = 'removeUserSecondFactors' and payload ->> 'outcome' = 'succeeded'",
	);
	expect(record?.payload.resource_id).toBe(boss.id);
});

test("a sign-in that waits for its code is void when the password is set anew or the user disabled", async () => {
	const user = await enrolled();
	const params = { id: user.id };
	const before = await giveThePassword(user.username);
	await auth.api.setUserPassword({ params, body: { password: "another good password" } }, admin);
	await expect(giveCode(before, codeOf(user.factor.secret))).rejects.toMatchObject({ code: "auth.challenge_over" });
	const asked = await giveThePassword(user.username, "another good password");
	await auth.api.updateUser({ params, body: { disabled: true } }, admin);
	await expect(giveCode(asked, codeOf(user.factor.secret))).rejects.toMatchObject({ code: "auth.challenge_over" });
});

test("neither secrets, codes nor challenges are stored as they are, logged or published", async () => {
	const user = await enrolled();
	const asked = await giveThePassword(user.username);
	const code = user.recovery_codes[5] ?? "";
	await giveCode(asked, code);
	const told = `${auth.logged()}${JSON.stringify(await auth.db.query("select * from outbox"))}`;
	const kept = JSON.stringify([
		await auth.db.query("select * from second_factors"),
		await auth.db.query("select * from recovery_codes"),
		await auth.db.query("select * from sign_in_challenges"),
	]);
	for (const secret of [user.factor.secret, asked.second_factor.challenge, code, code.replaceAll("-", "")]) {
		expect(told).not.toContain(secret);
		expect(kept).not.toContain(secret);
	}
});

test("where the settings ask for a second factor, who has none owes it at once and until it is confirmed; API tokens go on", async () => {
	const user = await addUser();
	const has = await enrolled();
	const { token } = await auth.api.createToken(
		{ body: { name: "script", permissions: ["devices:read"] } },
		user.caller,
	);
	const owes = async (caller: typeof admin) => (await auth.api.getMe({}, caller)).must_add_second_factor;
	const resolved = async () => {
		const { id: user_id, session_id = "" } = user.caller.actor;
		return auth.api.resolveActor({ body: { kind: "session", user_id, session_id } }, admin);
	};
	expect(await owes(user.caller)).toBe(false);
	const before = await auth.api.createWsTicket({}, user.caller);
	await auth.api.updateSettings({ body: { require_second_factor: true } }, admin);
	try {
		expect(await resolved()).toMatchObject({ must_add_second_factor: true, must_change_password: false });
		expect([await owes(user.caller), await owes(has.caller)]).toEqual([true, false]);
		await expect(auth.api.redeemWsTicket({ body: { ticket: before.ticket } }, anonymousFrom())).rejects.toMatchObject({
			code: "auth.ticket_invalid",
		});
		expect(await owes(await auth.asToken(token))).toBe(false);

		const factor = await auth.api.beginSecondFactor({ body: { password } }, user.caller);
		expect(await owes(user.caller)).toBe(true);
		const body = { code: codeOf(factor.secret) };
		await auth.api.confirmSecondFactor({ params: { id: factor.id }, body }, user.caller);
		expect(await resolved()).toMatchObject({ must_add_second_factor: false });
		// Whose second factor an administrator takes away owes another one.
		await auth.api.removeUserSecondFactors({ params: { id: user.id } }, admin);
		expect(await owes(await auth.as(await auth.login(user.username, password)))).toBe(true);
	} finally {
		await auth.api.updateSettings({ body: { require_second_factor: false } }, admin);
	}
});
